package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A reading is one message as it was posted and as it now stands, and whether it answers
// another.
type reading struct {
	posted, now string
	answer      bool
}

// history returns what was posted to every conversation, oldest first.
func (s *soak) history() map[string][]reading {
	all := make(map[string][]reading)
	for _, id := range s.chats {
		where := fmt.Sprint("telegram:", id)
		for _, m := range s.telegram.Messages(id) {
			all[where] = append(all[where], reading{m.Posted, m.Text, m.ReplyTo != 0})
		}
	}
	for _, m := range s.discord.Messages("") {
		where := "discord:" + m.Channel
		all[where] = append(all[where], reading{m.Posted, m.Text(), m.Reply != ""})
	}
	return all
}

// figures are what a soak comes to.
type figures struct {
	deliveries, lost, unconfirmed   int
	repeatsTelegram, repeatsDiscord int
	edited                          int // messages that do not stand as they were posted
	staleTelegram, staleDiscord     int
}

// prove checks what the readers have before them.
func (s *soak) prove() {
	t := s.t
	var f figures
	_, unconfirmed := s.inStore(s.ledger)
	history := s.history()
	told := make(map[pair]bool)
	for where, all := range history {
		f.deliveries += len(all)
		for _, m := range all {
			s.compare(where, m, &f)
		}
		repeats := s.read(where, all, told)
		if strings.HasPrefix(where, "discord:") {
			f.repeatsDiscord += repeats
		} else {
			f.repeatsTelegram += repeats
		}
	}
	s.seen = make(map[string]map[int]bool)
	for p := range told {
		if s.seen[p.where] == nil {
			s.seen[p.where] = make(map[int]bool)
		}
		s.seen[p.where][p.mark] = true
	}
	for _, p := range s.missing() {
		if unconfirmed[p] {
			f.unconfirmed++
			continue
		}
		if f.lost++; f.lost <= 5 {
			t.Errorf("%s was never told of mark %d", p.where, p.mark)
		}
	}
	s.report(f)
	if f.lost > 0 {
		t.Errorf("lost %d", f.lost)
	}
	if f.repeatsDiscord > 0 {
		t.Errorf("%d messages stand twice on Discord, although it keeps the nonce", f.repeatsDiscord)
	}
	if allowed := s.pending + s.doubts; f.repeatsTelegram > allowed {
		t.Errorf("%d messages stand twice on Telegram, %d were in flight or in doubt", f.repeatsTelegram, allowed)
	}
	// Of a message that stands twice, or of which nobody knows whether it was posted,
	// the copy that nobody has the id of cannot be edited.
	if f.staleDiscord > f.unconfirmed {
		t.Errorf("%d messages on Discord show what the stories do not say any more", f.staleDiscord)
	}
	if f.staleTelegram > f.repeatsTelegram+f.unconfirmed {
		t.Errorf("%d messages on Telegram show what the stories do not say any more, %d cannot be known", f.staleTelegram, f.repeatsTelegram+f.unconfirmed)
	}
	if f.unconfirmed > 0 && !s.alarmed() {
		t.Error("messages are unconfirmed and the operators were not told")
	}
	for _, r := range s.telegram.Refused() {
		if strings.Contains(r.Error, "message is not modified") {
			continue // an edit whose answer was lost is repeated
		}
		t.Errorf("Telegram refused %s: %s", r.Method, r.Error)
		break
	}
	for _, r := range s.discord.Refused() {
		if r.Status == http.StatusTooManyRequests {
			continue // a killed process takes with it what it knew of a channel's bucket
		}
		t.Errorf("Discord refused %s %s: %s", r.Method, r.Path, r.Problem)
		break
	}
}

// compare counts a message by what it shows now.
func (s *soak) compare(where string, m reading, f *figures) {
	if m.now != m.posted {
		f.edited++
	}
	if !s.stale(m) {
		return
	}
	if s.t.Logf("%s shows %q, posted as %q", where, m.now, m.posted); strings.HasPrefix(where, "discord:") {
		f.staleDiscord++
	} else {
		f.staleTelegram++
	}
}

func (s *soak) report(f figures) {
	s.print("%d kills -9, %d orderly restarts, %d edits, %d deliveries", s.kills, s.stops, s.edits, f.deliveries)
	s.print("lost %d, unconfirmed and the operators told %d", f.lost, f.unconfirmed)
	s.print("repeated on Telegram %d (in flight at the kills %d, ambiguous answers %d), on Discord %d", f.repeatsTelegram, s.pending, s.doubts, f.repeatsDiscord)
	s.print("brought up to date in place %d messages; out of date and unknown to the bot: on Telegram %d, on Discord %d", f.edited, f.staleTelegram, f.staleDiscord)
	s.print("peak resident memory of the process %d MB", s.peak>>20)
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(s.faults)) {
		kinds = append(kinds, fmt.Sprintf("%s: %d", kind, s.faults[kind]))
	}
	s.print("faults: %s", strings.Join(kinds, ", "))
}

// read goes through what one conversation was told, in order, and returns how many
// messages it got twice.
func (s *soak) read(where string, all []reading, told map[pair]bool) (repeats int) {
	number := make(map[int]int) // of the story of an event, by the mark of its first text
	for n, tale := range s.tales {
		for _, e := range tale.events {
			number[e.marks[0]] = n
		}
	}
	known := make(map[string]bool)
	latest := make(map[int]int) // by story
	for _, m := range all {
		if known[m.posted] {
			repeats++
			continue
		}
		known[m.posted] = true
		highest := maps.Clone(latest)
		for _, mark := range marksIn(m.posted) {
			first := !told[pair{where, mark}]
			told[pair{where, mark}] = true
			n, isNew := number[mark]
			if !isNew || !first {
				continue
			}
			if mark < latest[n] {
				s.t.Errorf("%s was told of event %d of story %d after event %d", where, mark, n, latest[n])
			}
			highest[n] = max(highest[n], mark)
		}
		latest = highest
	}
	return repeats
}

// inStore returns how many deliveries are owed still, and what those tell of which
// nobody knows whether they were posted.
func (s *soak) inStore(path string) (owed int, unconfirmed map[pair]bool) {
	db := s.openStore(path)
	defer db.Close()
	if err := db.QueryRow("SELECT COUNT(*) FROM deliveries WHERE settled_at = 0").Scan(&owed); err != nil {
		s.t.Fatal(err)
	}
	rows, err := db.Query("SELECT v.conversation, c.body FROM deliveries v JOIN cards c ON c.hash = v.card WHERE v.state = 'unconfirmed'")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	unconfirmed = make(map[pair]bool)
	for rows.Next() {
		var where, body string
		if err := rows.Scan(&where, &body); err != nil {
			s.t.Fatal(err)
		}
		for _, m := range marksIn(body) {
			unconfirmed[pair{where, m}] = true
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return owed, unconfirmed
}

// inFlight returns how many sends to Telegram a killed process had begun.
func (s *soak) inFlight() (n int) {
	db := s.openStore(s.copyStore())
	defer db.Close()
	err := db.QueryRow("SELECT COUNT(*) FROM deliveries WHERE state = 'sending' AND platform = 'telegram' AND verb IN ('post', 'reply')").Scan(&n)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
