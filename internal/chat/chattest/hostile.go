package chattest

import (
	"fmt"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// hostileTexts are what breaks escaping, counting and cutting: markup of every
// service, mentions, addresses that become links, every script, marks that combine,
// emoji of many code points, and words without an end.
func hostileTexts() []string {
	return []string{
		"@everyone @here <@1234567890> <@&99> <#42> </help:7> <t:0:R> @BriefBot /start #tag $USD README.md",
		"**bold** __under__ ~~gone~~ ||spoiler|| `code` ```block``` *a* _b_ > quote\n# head\n- list\n1. first\n-# small",
		"<b>&amp;&lt;</b> <script>alert(1)</script> [text](https://example.org/x) ![p](q) \\* \\\\ :smile: <:e:1>",
		"Чорноморська зернова ініціатива: порти знову відкрито, кажуть у Києві та Анкарі.",
		"Η συμφωνία υπογράφηκε στη Γενεύη. Οι όροι δεν δημοσιεύθηκαν.",
		"تم توقيع الاتفاق في جنيف، ولم تُنشر شروطه بعد. \u202bنص\u202c",
		"协议在日内瓦签署。条款尚未公布。新しい合意が発表された。한국어도 있다.",
		"👩‍👩‍👧‍👦🇺🇦🏳️‍🌈👍🏽 e\u0301a\u0300o\u0302 Z" + strings.Repeat("\u0335\u0489", 12) + " क्षि ที่",
		strings.Repeat("donaudampfschiff", 320),
		"zero\u200bwidth\u2060joined\u00ad soft tab\tend\r\nline\u2028separator",
	}
}

// hostile returns a card with everything that makes a platform stumble, of many
// times the size that any takes: 200 items, all styles, 25 buttons with long labels,
// two of which ask the same. Its text has no address but at the end of an item.
func hostile() chat.Card {
	texts := hostileTexts()
	c := chat.Card{
		Title: "Everything @everyone **at once** " + strings.Repeat("and more ", 40),
		URL:   "https://example.org/stories/hostile?a=b&c=(d)_e",
		Tone:  chat.Revised,
		Note:  chat.Text{{Text: "As of *today*, ", Style: chat.Italic}, {Text: "@here", Style: chat.Code}},
	}
	for i, text := range texts[:7] {
		c.Lead = chat.Join("\n\n", c.Lead, chat.Styled(text, chat.Style(1<<(i%5))))
	}
	for i := range 200 {
		c.Items = append(c.Items, hostileItem(i, texts[i%len(texts)], texts[(i+3)%len(texts)]))
	}
	for row := range chat.MaxRows {
		c.Actions = append(c.Actions, nil)
		for i := range chat.MaxRow {
			n := row*chat.MaxRow + i
			c.Actions[row] = append(c.Actions[row], hostileAction(n))
		}
	}
	return c
}

func hostileItem(n int, head, body string) chat.Item {
	item := chat.Item{
		ID: fmt.Sprintf("item-%d", n), Label: fmt.Sprintf("%d December 2025 · _Kind_", n%31+1),
		Head: chat.Plainly(marker(n) + head),
		Body: chat.Text{{Text: body, Style: chat.Style(n % 4)}, {Text: "`tick``", Style: chat.Code}, {Text: " quoted\nlines", Style: chat.Quote}},
	}
	if n%7 == 3 {
		item.URL = "https://example.org/" + strings.Repeat("x", n)
	}
	if n%5 == 2 {
		item.Body = append(item.Body, chat.Span{Text: " source]", URL: "https://example.org/a_(b)?c=[d]"})
	}
	return item
}

// marker begins the head of item n; no other text holds it.
func marker(n int) string { return fmt.Sprintf("itm%04d ", n) }

func hostileAction(n int) chat.Action {
	a := chat.Action{Label: fmt.Sprintf("Button %d *@everyone* %s", n, strings.Repeat("я", 50)), Call: fmt.Sprintf("echo button-%d", n)}
	switch n {
	case 7: // the same call as before
		a.Call = "echo button-6"
	case 8:
		a.Call = "echo " + strings.Repeat("long ", 30)
	case 9:
		a.Call, a.URL = "", "https://example.org/read?x=y"
	case 10:
		a.Current = true
	}
	return a
}
