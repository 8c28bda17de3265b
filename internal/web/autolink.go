package web

import (
	"regexp"
	"strings"
	"unicode/utf16"
)

// autolinkRules are what Telegram's server makes a link of by itself
// (https://core.telegram.org/bots/api#messageentity). Names of files such as
// README.md are among them, for their ending is a country's. The list of such
// endings is ours and short: those that happen in texts of this kind.
var autolinkRules = []struct {
	kind string
	rule *regexp.Regexp
}{
	{"url", regexp.MustCompile(`(?i)\bhttps?://[^\s<>"«»“”]+[^\s<>"«»“”.,:;!?)\]]`)},
	{"url", regexp.MustCompile(`(?i)\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|org|net|info|io|md|de|eu|gov|int|me|pl|ru|sh|ua|uk|us)\b(?:/[^\s<>"]*[^\s<>".,:;!?)\]])?`)},
	{"mention", regexp.MustCompile(`@[A-Za-z][A-Za-z0-9_]{3,31}\b`)},
	{"hashtag", regexp.MustCompile(`#[\pL\pN_]*\pL[\pL\pN_]*`)},
	{"cashtag", regexp.MustCompile(`\$[A-Z]{3,8}\b`)},
	{"bot_command", regexp.MustCompile(`/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]+)?\b`)},
}

// autolinks returns the links that Telegram would add where none of the given
// entities is a link or code already.
func autolinks(text string, given []telegramEntity) []telegramEntity {
	taken := func(from, to int, among []telegramEntity) bool {
		for _, e := range among {
			fixed := e.found || e.Type == "text_link" || e.Type == "code" || e.Type == "pre"
			if fixed && from < e.end() && e.Offset < to {
				return true
			}
		}
		return false
	}
	var found []telegramEntity
	for _, r := range autolinkRules {
		for _, m := range r.rule.FindAllStringIndex(text, -1) {
			if !standsAlone(r.kind, text[:m[0]], text[m[1]:]) {
				continue
			}
			from := unitLen(text[:m[0]])
			to := from + unitLen(text[m[0]:m[1]])
			if taken(from, to, given) || taken(from, to, found) {
				continue
			}
			found = append(found, telegramEntity{Type: r.kind, Offset: from, Length: to - from, URL: address(r.kind, text[m[0]:m[1]]), found: true})
		}
	}
	return found
}

// standsAlone reports whether what is around a match lets it be one.
func standsAlone(kind, before, after string) bool {
	if kind == "bot_command" && strings.IndexAny(after, "/<>") == 0 {
		return false
	}
	if before == "" {
		return true
	}
	last := before[len(before)-1:]
	if kind == "bot_command" && strings.ContainsAny(last, "<>") {
		return false
	}
	return !strings.ContainsAny(last, "/@#$&=.-_") && (kind == "url" || !isWord(last[0]))
}

func address(kind, text string) string {
	if kind != "url" || strings.Contains(text, "://") {
		return text
	}
	return "http://" + text
}

func unitLen(s string) int { return len(utf16.Encode([]rune(s))) }
