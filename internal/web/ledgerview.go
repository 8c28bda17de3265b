package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// A stateView is a state of deliveries in words.
type stateView struct {
	ID   string
	Name string
	Sign string // tells it from others without its colour
	What string // what it means, for whoever does not know
}

// stateViews returns the states in the order in which they are offered: what is
// owed, what was sent, and what was not.
func stateViews() []stateView {
	return []stateView{
		{"waiting", "Waiting", "○", "it is owed and was not sent yet"},
		{"sending", "Sending", "◐", "it is on its way, or was when the program ended"},
		{"sent", "Sent", "●", "the service has acknowledged it"},
		{"unconfirmed", "Unconfirmed", "?", "it may have been posted: the service did not answer, and it is not tried again by itself"},
		{"refused", "Refused", "×", "the service does not take it"},
		{"withheld", "Withheld", "⊘", "what it tells may not be seen there any more"},
		{"moot", "Not possible", "–", "the message cannot be changed like that"},
		{"skipped", "Skipped", "»", "an operator has said not to send it"},
	}
}

// stateOf returns a state in words.
func stateOf(id string) stateView {
	for _, s := range stateViews() {
		if s.ID == id {
			return s
		}
	}
	return stateView{ID: "other", Name: id, Sign: "·"}
}

// A verbView is a verb of deliveries in words.
type verbView struct{ ID, Name, Doing string }

func verbViews() []verbView {
	return []verbView{
		{"post", "Post", "posts a message"},
		{"reply", "Answer", "posts an answer to the message of"},
		{"edit", "Edit", "edits the message of"},
		{"pin", "Pin", "pins the message of"},
		{"unpin", "Unpin", "unpins the message of"},
	}
}

func verbOf(id string) verbView {
	for _, v := range verbViews() {
		if v.ID == id {
			return v
		}
	}
	return verbView{id, id, id}
}

// A deliveryView is a delivery as pages show it.
type deliveryView struct {
	Delivery
	State   stateView
	Verb    verbView
	Name    string // its title, or what it does where it has none
	Address string // of the conversation
	Thread  string // the address of the thread it is in; empty: none
	When    string // what is to be known first of its times
	At      moment
	// PlannedAt is when it was planned.
	PlannedAt moment
	Tries     string
}

// A moment is a time as pages show it.
type moment struct {
	Time string // RFC 3339
	Text string
}

// momentOf returns a time in UTC, with the day where it is not that of now.
func momentOf(t, now time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t, now = t.UTC(), now.UTC()
	text := t.Format("2 Jan 2006, 15:04:05")
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		text = t.Format("15:04:05")
	case t.Year() == now.Year():
		text = t.Format("2 Jan, 15:04:05")
	}
	return moment{t.Format(time.RFC3339), text}
}

func viewDelivery(d Delivery, now time.Time) deliveryView {
	v := deliveryView{Delivery: d, State: stateOf(d.State), Verb: verbOf(d.Verb), Name: d.Title, Address: d.Where.String(), Tries: triesOf(d), PlannedAt: momentOf(d.Planned, now)}
	if d.Place.ID != "" {
		v.Thread = d.Place.String()
	}
	switch {
	case v.Name == "" && d.Target > 0:
		v.Name = fmt.Sprintf("%s delivery %s", v.Verb.Doing, thousands(int(d.Target)))
		v.Name = strings.ToUpper(v.Name[:1]) + v.Name[1:]
	case v.Name == "":
		v.Name = "A card without a title"
	}
	switch {
	case !d.Settled.IsZero():
		v.When, v.At = settledWord(d.State), momentOf(d.Settled, now)
	case d.State == "sending":
		v.When, v.At = "first tried", momentOf(d.Sent, now)
	case d.Suspended != "":
		v.When = "kept while nothing can be sent there"
	case !d.Due.IsZero() && d.Due.After(now):
		v.When, v.At = "due", momentOf(d.Due, now)
	case !d.Due.IsZero():
		v.When, v.At = "due since", momentOf(d.Due, now)
	}
	return v
}

// settledWord says what happened at the moment when a delivery was settled.
func settledWord(state string) string {
	switch state {
	case "sent":
		return "sent"
	case "skipped":
		return "skipped"
	}
	return "given up"
}

// triesOf says how often a delivery was tried, where that was not once and for all.
func triesOf(d Delivery) string {
	var words []string
	if d.Attempts > 1 || d.Attempts == 1 && d.State != "sent" {
		words = append(words, countWords(d.Attempts, "attempt"))
	}
	if d.Doubts > 0 {
		words = append(words, countWords(d.Doubts, "doubt"))
	}
	return strings.Join(words, ", ")
}

func viewDeliveries(list []Delivery, now time.Time) []deliveryView {
	views := make([]deliveryView, 0, len(list))
	for _, d := range list {
		views = append(views, viewDelivery(d, now))
	}
	return views
}

// A changeView is a change that a delivery tells.
type changeView struct {
	Story, Kind, Item string
	Fields            string
	Before, After     string // its name, or what differs; empty: there was or is nothing
	Author, Hash      string // of the commit with which it came; empty: none is known
	Authored          moment
}

// viewChanges says of each change what it is about, and what differs.
func viewChanges(changes []Change, now time.Time) []changeView {
	views := make([]changeView, 0, len(changes))
	for _, c := range changes {
		v := changeView{Story: c.Story, Kind: kindWords(c.Kind), Item: c.Item, Fields: strings.Join(c.Fields, ", ")}
		v.Before, v.After = labelOf(c.Before, c.Fields), labelOf(c.After, c.Fields)
		v.Author, v.Hash, v.Authored = c.Commit.Author, shortHash(c.Commit.Hash), momentOf(c.Commit.At, now)
		views = append(views, v)
	}
	return views
}

// shortHash is the beginning of a commit's hash, as git abbreviates it.
func shortHash(hash string) string { return hash[:min(len(hash), 7)] }

// kindWords returns “Event revised” for event.revised.
func kindWords(k brief.ChangeKind) string {
	words := strings.ReplaceAll(string(k), ".", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// maxLabel is how much of a text is shown where it stands for an item, in bytes.
const maxLabel = 240

// labelOf returns what an item is called, or where that did not change, the texts
// of it that did.
func labelOf(raw json.RawMessage, fields []string) string {
	var item map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &item) != nil {
		return ""
	}
	var parts []string
	for _, f := range fields {
		switch value := item[f].(type) {
		case nil:
		case string:
			parts = append(parts, value)
		default:
			if text, err := json.Marshal(value); err == nil {
				parts = append(parts, string(text))
			}
		}
	}
	for _, key := range []string{"title", "name", "label", "text"} {
		if value, ok := item[key].(string); ok && len(fields) == 0 && len(parts) == 0 {
			parts = append(parts, value)
		}
	}
	return shortened(strings.Join(strings.Fields(strings.Join(parts, " · ")), " "), maxLabel)
}

// shortened returns s, cut at a space where it is longer than most bytes.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := strings.LastIndexByte(s[:most], ' ')
	if cut < most/2 {
		cut = most
	}
	return strings.ToValidUTF8(s[:cut], "") + "…"
}

// A step is something that happened to a delivery.
type step struct {
	At   moment
	What string
	Link int64 // the delivery that did it; 0: this one
}

// steps tells the history of a delivery, the oldest first, as far as it is kept.
func steps(a Account, now time.Time) []step {
	list := []step{{At: momentOf(a.Planned, now), What: "Planned"}}
	if !a.Sent.IsZero() {
		list = append(list, step{At: momentOf(a.Sent, now), What: "First sent to " + a.Where.Platform})
	}
	if !a.Settled.IsZero() {
		what := stateOf(a.State).Name
		if tries := triesOf(a.Delivery); tries != "" {
			what += " after " + tries
		}
		list = append(list, step{At: momentOf(a.Settled, now), What: what})
	}
	for i := len(a.About) - 1; i >= 0; i-- {
		d := a.About[i]
		at, what := d.Planned, verbOf(d.Verb).Name+" planned"
		if !d.Settled.IsZero() {
			at, what = d.Settled, verbOf(d.Verb).Name+": "+strings.ToLower(stateOf(d.State).Name)
		}
		list = append(list, step{At: momentOf(at, now), What: what, Link: d.ID})
	}
	if a.Settled.IsZero() && !a.Due.IsZero() {
		list = append(list, step{At: momentOf(a.Due, now), What: "Due"})
	}
	return list
}
