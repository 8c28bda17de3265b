package desk

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// proseWidth is how many characters a line of prose has at most, if its words allow.
const proseWidth = 100

// plainScalar are texts that YAML reads as themselves without quotes, whatever stands
// around them.
var plainScalar = regexp.MustCompile(`^[\pL“‘„«][\pL\pM\pN “”‘’„«».–—/()$€£+-]*$`)

// plainAddress are addresses that YAML reads as they are.
var plainAddress = regexp.MustCompile(`^https?://[A-Za-z0-9][A-Za-z0-9./~%?=&_+-]*$`)

// notText are words that YAML reads as something else than text.
var notText = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null|\.inf|\.nan)$`)

// scalar writes one line of text as YAML.
func scalar(s string) string {
	if plainAddress.MatchString(s) || plainScalar.MatchString(s) && !notText.MatchString(s) && s == strings.TrimSpace(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// A field is a key of a brief with what it holds: text, or the items of a list.
type field struct {
	key   string
	text  string   // one line, or prose
	list  []string // a list of lines, where there is one
	note  string   // a comment behind it
	prose bool     // somebody else's sentences
	raw   bool     // text needs no quotes
}

// An item is an entry of a section.
type item []field

// A writer writes a brief.
type writer struct{ bytes.Buffer }

// comment writes lines of a comment.
func (w *writer) comment(lines ...string) {
	for _, line := range lines {
		w.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
}

// section writes the items of a section.
func (w *writer) section(key string, items []item) {
	w.WriteString("\n" + key + ":\n")
	for _, it := range items {
		for i, f := range it {
			indent := "    "
			if i == 0 {
				w.WriteString("  - ")
			} else {
				w.WriteString(indent)
			}
			w.field(f, indent)
		}
	}
}

// field writes a key and its value, in lines after the first behind indent.
func (w *writer) field(f field, indent string) {
	w.WriteString(f.key + ":")
	switch {
	case f.prose:
		w.prose(f, indent)
		return
	case f.list != nil:
		w.list(f.list, indent)
		return
	case f.raw && f.text != "":
		w.WriteString(" " + f.text)
	case f.text != "":
		w.WriteString(" " + scalar(f.text))
	}
	if f.note != "" {
		w.WriteString(" # " + oneLine(f.note))
	}
	w.WriteString("\n")
}

func (w *writer) list(items []string, indent string) {
	w.WriteString("\n")
	for _, each := range items {
		w.WriteString(indent + "  - " + scalar(each) + "\n")
	}
}

// prose writes paragraphs with the mark that they are to be rewritten.
func (w *writer) prose(f field, indent string) {
	w.WriteString(" | # " + brief.RewriteMark + "\n")
	for line := range strings.SplitSeq(f.text, "\n") {
		for _, part := range wrapped(line, proseWidth-len(indent)-2) {
			w.WriteString(strings.TrimRight(indent+"  "+part, " ") + "\n")
		}
	}
}

// wrapped breaks a line of prose where it has spaces, into lines of a width. No line
// begins with what would make it a list, a quotation or a heading.
func wrapped(s string, width int) []string {
	var lines []string
	line, length := "", 0
	for _, word := range strings.Fields(s) {
		size := utf8.RuneCountInString(word)
		if line != "" && length+1+size > width && !opensBlock(word) {
			lines = append(lines, line)
			line, length = "", 0
		}
		if line != "" {
			line += " "
			length++
		}
		line += word
		length += size
	}
	return append(lines, line)
}

// opensBlock reports whether a line that begins with word may be more than text.
func opensBlock(word string) bool {
	number := strings.TrimRight(word, ".)")
	return strings.ContainsRune("-+*>#=|~`", rune(word[0])) ||
		number != word && strings.TrimFunc(number, unicode.IsDigit) == ""
}
