package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A mark is a number in the text of an event that no other text holds, so that what
// somebody was told can be read off the messages: k17k.
var markPattern = regexp.MustCompile(`\bk(\d+)k\b`)

func markText(n int) string { return fmt.Sprintf("k%dk", n) }

func marksIn(text string) (marks []int) {
	for _, m := range markPattern.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err == nil && !slices.Contains(marks, n) {
			marks = append(marks, n)
		}
	}
	return marks
}

// A tale is a story as the editors of a soak have it.
type tale struct {
	id     string
	events []*happening
	gone   []int // marks of events that were removed
}

// A happening is one event of a tale.
type happening struct {
	id        string
	number    int
	marks     []int // of its text, first to last; the last is what it says now
	slip      bool  // it will be removed again
	tentative int   // the mark of a text that will be taken back; 0: none
	tried     []int // marks of texts that may have been told and were taken back
	retracted int   // the mark of the reason; 0: it stands
}

// says is the mark of what the event says now.
func (e *happening) says() int {
	if e.tentative != 0 {
		return e.tentative
	}
	return e.marks[len(e.marks)-1]
}

// stale reports whether a message shows something that the stories do not say any
// more, without saying so. An answer that corrects stays as it is, and so does one that
// is a message of its own because what it answers is gone.
func (s *soak) stale(m reading) bool {
	head, _, _ := strings.Cut(m.posted, "\n")
	if m.answer || strings.Contains(head, "Correction: ") || strings.Contains(head, "Retraction: ") {
		return false
	}
	posted := marksIn(m.posted)
	told := func(marks []int) bool {
		return slices.ContainsFunc(marks, func(n int) bool { return slices.Contains(posted, n) })
	}
	shows := func(mark int) bool { return slices.Contains(marksIn(m.now), mark) }
	for _, t := range s.tales {
		if told(t.gone) && !strings.Contains(m.now, "Withdrawn") {
			return true
		}
		for _, e := range t.events {
			switch {
			case !told(e.marks) && !told(e.tried):
			case e.retracted != 0 && !shows(e.retracted), e.retracted == 0 && !shows(e.says()):
				return true
			}
		}
	}
	return false
}

// text is the story as a brief.
func (t *tale) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: The %s\noverview: Text.\ntimeline:\n", t.id)
	if len(t.events) == 0 {
		b.WriteString("  - {id: origin, date: 1999, title: Origin}\n")
	}
	for _, e := range t.events {
		fmt.Fprintf(&b, "  - {id: %s, date: 2000, title: Event %d, detail: \"Told as %s.\"", e.id, e.number, markText(e.says()))
		if e.retracted != 0 {
			fmt.Fprintf(&b, ", retracted: {on: 2025-12-01, why: \"Withdrawn as %s.\"}", markText(e.retracted))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// required are the marks that everybody who wants the story must have been told in
// the end. What was taken back may have been told or not.
func (t *tale) required() (marks []int) {
	for _, e := range t.events {
		if e.slip {
			continue
		}
		marks = append(marks, e.marks[len(e.marks)-1])
		if e.retracted != 0 {
			marks = append(marks, e.retracted)
		}
	}
	return marks
}

// change makes one random edit and returns its mark, 0 where nobody has to be told.
// The caller holds s.mu.
func (s *soak) change() (mark int) {
	s.edits++
	s.serial++
	t := s.tales[s.rand.IntN(len(s.tales))]
	switch dice := s.rand.IntN(100); {
	case dice < 25:
		mark = s.revise(t)
	case dice < 35:
		mark = s.retract(t)
	case dice < 45:
		s.err(t)
	case dice < 60:
		s.takeBack(t)
	}
	if mark == 0 {
		t.events = append(t.events, &happening{id: fmt.Sprint("event-", s.serial), number: s.serial, marks: []int{s.serial}})
		mark = s.serial
	}
	s.save(t)
	return mark
}

// known returns a random event that stands and of whose text everybody was told, or
// nil.
func (s *soak) known(t *tale) *happening {
	var all []*happening
	for _, e := range t.events {
		if !e.slip && e.tentative == 0 && e.retracted == 0 && s.told[e.marks[len(e.marks)-1]] >= len(s.chats) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[s.rand.IntN(len(all))]
}

// revise changes the text of an event, for good.
func (s *soak) revise(t *tale) int {
	e := s.known(t)
	if e == nil {
		return 0
	}
	e.marks = append(e.marks, s.serial)
	return s.serial
}

// retract withdraws an event.
func (s *soak) retract(t *tale) int {
	e := s.known(t)
	if e == nil {
		return 0
	}
	e.retracted = s.serial
	return s.serial
}

// err makes an edit that will be undone, perhaps before anybody was told: a new event,
// or another text of one. Besides it there is always one that stays.
func (s *soak) err(t *tale) {
	e := s.known(t)
	if e == nil || s.rand.IntN(2) == 0 {
		t.events = append(t.events, &happening{id: fmt.Sprint("slip-", s.serial), number: s.serial, marks: []int{s.serial}, slip: true})
	} else {
		e.tentative = s.serial
		e.tried = append(e.tried, s.serial)
	}
	s.serial++
}

// takeBack undoes what err did, all of it.
func (s *soak) takeBack(t *tale) {
	t.events = slices.DeleteFunc(t.events, func(e *happening) bool {
		e.tentative = 0
		if e.slip {
			t.gone = append(t.gone, e.marks...)
		}
		return e.slip
	})
}
