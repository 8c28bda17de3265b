package telegram

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ticket is what a deep link carries (https://core.telegram.org/bots/features#deep-linking).
var ticket = regexp.MustCompile(`^[A-Za-z0-9_-]{16}$`)

// plainCommand is what the service marks as a command
// (https://core.telegram.org/bots/features#commands).
var plainCommand = regexp.MustCompile(`^/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{1,64})?(?:\s|$)`)

// command reads the typed call in a text, as far as it is this bot's business: the
// service marks a command by an entity at the very beginning. What would be marked
// is a command too where an update comes without any entities. With direct a leading
// slash is enough, for commands in letters that the service does not mark.
func command(text string, marks []entity, me string, direct bool) (line string, ok bool) {
	end := markedCommand(text, marks)
	if end == 0 && (direct && strings.HasPrefix(text, "/") || len(marks) == 0 && plainCommand.MatchString(text)) {
		end = strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
	}
	if end == 0 {
		return "", false
	}
	name, bot, addressed := strings.Cut(text[:end], "@")
	if addressed && !strings.EqualFold(bot, me) {
		return "", false
	}
	return strings.ToLower(name) + text[end:], true
}

// markedCommand is the length in bytes of the command that begins a text, or zero.
func markedCommand(text string, marks []entity) int {
	for _, m := range marks {
		if m.Type == "bot_command" && m.Offset == 0 {
			return bytesOf(text, m.Length)
		}
	}
	return 0
}

// bytesOf is how many bytes the first so many UTF-16 units of a text take.
func bytesOf(text string, units int) int {
	at := 0
	for units > 0 && at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		units -= max(utf16.RuneLen(r), 1)
		at += size
	}
	return at
}

// start reads what a /start carries. In a private chat a ticket names a kept call.
// Elsewhere the word that an invitation adds asks for nothing: the bot greets when
// it is added.
func start(line string, direct bool) (asked string, ok bool) {
	name, rest := cutWord(line)
	if name != "/start" || rest == "" {
		return line, true
	}
	if direct && ticket.MatchString(rest) {
		return "~" + rest, true
	}
	return "/start", direct
}

func cutWord(line string) (word, rest string) {
	i := strings.IndexFunc(line, unicode.IsSpace)
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimSpace(line[i:])
}
