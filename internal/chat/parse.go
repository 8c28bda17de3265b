package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseCall reads a call in its typed form, with or without the leading slash:
//
//	/timeline@BriefBot us-nss-2025 kind=Diplomacy after="moscow-talks"
//
// Words are separated by any white space. A word that begins with a quotation mark
// ("…", “…”, „…“, «…») goes on to the mark that closes it; where that is missing,
// to the end of the line. In straight quotes \" and \\ stand for " and \. A word
// option=value, where option is [A-Za-z0-9_]+ and outside quotes, is a named
// argument. The command's name is folded to lower case, and what follows an @ in it
// is dropped: whether the line is addressed to this bot is the platform's business.
//
// The error is an [UnknownCommand] without a name if there is no name in line.
// Whether a command of that name exists is not looked at.
func ParseCall(line string) (Call, error) {
	words := scan(line)
	if len(words) == 0 {
		return Call{}, &UnknownCommand{}
	}
	name, _, _ := strings.Cut(strings.TrimLeft(words[0].text, "/"), "@")
	if name == "" {
		return Call{}, &UnknownCommand{}
	}
	c := Call{Name: strings.ToLower(name)}
	for _, w := range words[1:] {
		c.Args = append(c.Args, w.arg)
	}
	return c, nil
}

// A word is one word of a typed line.
type word struct {
	start int    // byte offset in the line
	text  string // as typed
	arg   Arg
	// open says that a quotation mark was opened and not closed.
	open bool
}

// scan splits a line into words.
func scan(line string) []word {
	line = strings.ToValidUTF8(line, "\uFFFD")
	var words []word
	for pos := 0; ; {
		pos += len(line[pos:]) - len(strings.TrimLeftFunc(line[pos:], unicode.IsSpace))
		if pos == len(line) {
			return words
		}
		w, length := scanWord(line[pos:], len(words) == 0)
		w.start = pos
		words = append(words, w)
		pos += length
	}
}

// scanWord reads the word at the beginning of s and returns it with its length in
// bytes. The first word of a line is the command's name: bare, whatever it holds.
func scanWord(s string, first bool) (word, int) {
	var w word
	value := s
	if !first {
		w.arg.Option = optionName(s)
		if w.arg.Option != "" {
			value = s[len(w.arg.Option)+1:]
		}
		if quoted, length, open := scanQuoted(value); length > 0 {
			w.arg.Value, w.open = quoted, open
			length += len(s) - len(value)
			w.text = s[:length]
			return w, length
		}
	}
	end := strings.IndexFunc(value, unicode.IsSpace)
	if end < 0 {
		end = len(value)
	}
	w.arg.Value = value[:end]
	w.text = s[:len(s)-len(value)+end]
	return w, len(w.text)
}

// optionName returns the name before an equals sign at the beginning of s, if
// there is one.
func optionName(s string) string {
	for i := range len(s) {
		switch b := s[i]; {
		case b == '=':
			return s[:i]
		case b != '_' && !isAlphanumeric(b):
			return ""
		}
	}
	return ""
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// closes returns the marks that close a quotation which mark opens, and nothing if
// it opens none. What keyboards make of a straight quote differs by language.
func closes(mark rune) string {
	switch mark {
	case '"':
		return `"`
	case '“', '”':
		return `”"`
	case '„':
		return `“”"`
	case '«':
		return `»`
	case '»':
		return `«`
	}
	return ""
}

// scanQuoted reads a quotation at the beginning of s. Its length is zero where
// there is none; open says that it is not closed.
func scanQuoted(s string) (value string, length int, open bool) {
	mark, size := utf8.DecodeRuneInString(s)
	closing := closes(mark)
	if closing == "" {
		return "", 0, false
	}
	var b strings.Builder
	for i := size; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case strings.ContainsRune(closing, r):
			return b.String(), i, false
		case mark == '"' && r == '\\' && i < len(s) && (s[i] == '"' || s[i] == '\\'):
			b.WriteByte(s[i])
			i++
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), len(s), true
}

// quote returns v so that [ParseCall] reads it back as one word. A positional
// value that holds an equals sign must be quoted too, or it would name an option.
func quote(v string, positional bool) string {
	if v != "" && !strings.ContainsAny(v, "\"\\“”„«»") && strings.IndexFunc(v, unicode.IsSpace) < 0 &&
		!(positional && strings.Contains(v, "=")) {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}
