package discord

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/briefbot/briefbot/internal/chat"
)

// sharePrefix begins what a Share button carries; the call to repeat follows. No
// command is named so.
const sharePrefix = "share "

// shareLabel is what a Share button says.
const shareLabel = "Share"

// shareID is what a Share button for a call carries, nothing for no call.
func shareID(call string) string {
	switch {
	case call == "":
		return ""
	case len(sharePrefix)+len(call) <= chat.MaxData:
		return sharePrefix + call
	}
	return sharePrefix + chat.Short(call)
}

// again sets a number apart from what a button carries. Discord takes each custom
// id only once in a message: a second button for the same call is numbered.
const again = "\u241f"

// carried is the line in what a button carries.
func carried(customID string) string {
	line, _, _ := strings.Cut(customID, again)
	return line
}

// unique is id, numbered if it was seen; it is nothing where that is too long.
func unique(id string, seen map[string]bool) string {
	for n := 2; seen[id]; n++ {
		id = carried(id) + again + strconv.Itoa(n)
	}
	if len(id) > maxCustomID {
		return ""
	}
	seen[id] = true
	return id
}

// buttons lays actions out in at most five rows of at most five.
func buttons(actions [][]chat.Action, share string) []row {
	rows := []row{}
	seen := map[string]bool{share: true}
	for _, line := range actions {
		var current []button
		for _, a := range line {
			b, ok := buttonOf(a)
			if !ok {
				continue
			}
			if b.Style != styleLink {
				if b.CustomID = unique(b.CustomID, seen); b.CustomID == "" {
					continue
				}
			}
			if len(current) == chat.MaxRow {
				rows = append(rows, row{componentRow, current})
				current = nil
			}
			current = append(current, b)
		}
		if len(current) > 0 {
			rows = append(rows, row{componentRow, current})
		}
	}
	if len(rows) > chat.MaxRows {
		rows = rows[:chat.MaxRows]
	}
	if share != "" {
		rows = withShare(rows, share)
	}
	return rows
}

// withShare adds a Share button: in a row of its own, or where all are used, at
// the end of the first that has room.
func withShare(rows []row, share string) []row {
	b := button{Type: componentButton, Style: styleSecondary, Label: shareLabel, CustomID: share}
	if len(rows) < chat.MaxRows {
		return append(rows, row{componentRow, []button{b}})
	}
	for i := len(rows) - 1; i >= 0; i-- {
		if len(rows[i].Components) < chat.MaxRow {
			rows[i].Components = append(rows[i].Components, b)
			break
		}
	}
	return rows
}

func buttonOf(a chat.Action) (button, bool) {
	b := button{Type: componentButton, Style: styleSecondary, Label: clipText(oneLine(a.Label), chat.MaxLabel)}
	if !visible(b.Label) {
		b.Label = "Open"
	}
	if a.URL != "" {
		b.Style, b.URL = styleLink, safeURL(a.URL)
		return b, b.URL != "" && len(b.URL) <= maxLink
	}
	if a.Current {
		b.Style = stylePrimary
	}
	b.CustomID = a.Data()
	return b, b.CustomID != ""
}

// clipText cuts s to n code points, between graphemes, with an ellipsis where
// something is missing.
func clipText(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	var b strings.Builder
	used := 1
	for it := graphemes.FromString(s); it.Next(); {
		used += utf8.RuneCountInString(it.Value())
		if used > n {
			break
		}
		b.WriteString(it.Value())
	}
	return strings.TrimSpace(b.String()) + "…"
}

// clip cuts every text of c to n code points and leaves as many items as may
// then fit.
func clip(c chat.Card, n int) chat.Card {
	c = c.Clone()
	c.Title = clipText(c.Title, min(n, 200))
	c.Lead, c.Note = clipSpans(c.Lead, n), clipSpans(c.Note, min(n, 200))
	c.Items = c.Items[:min(len(c.Items), 5)]
	for i := range c.Items {
		item := &c.Items[i]
		item.Label = clipText(item.Label, min(n, 100))
		item.Head, item.Body = clipSpans(item.Head, n), clipSpans(item.Body, n)
	}
	return c
}

// clipSpans cuts t to n code points; what is cut loses its styles.
func clipSpans(t chat.Text, n int) chat.Text {
	s := t.String()
	if utf8.RuneCountInString(s) <= n && len(t) <= n {
		return t
	}
	return chat.Plainly(clipText(s, n))
}
