package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
	"github.com/briefbot/briefbot/internal/digest"
)

// An original is the brief of a subject as it is written now.
type original struct {
	subject subject // as the text has it; as the reader sees it where there is no text
	path    string
	text    []byte
	read    *brief.Text
	without string // why no patch can be made of it, in a sentence; empty: one can
}

// original reads the brief of a subject. Where that cannot be, a suggestion has no
// patch, and is taken all the same.
func (b *Bot) original(ctx context.Context, s subject) original {
	o := original{subject: s}
	source, ok := b.source.(brief.Original)
	if !ok {
		o.without = "The source of the briefs does not show how they are written."
		return o
	}
	var err error
	if o.path, o.text, err = source.Original(ctx, s.story.ID); err != nil {
		b.log.ErrorContext(ctx, "reading a brief to make a patch of", "story", s.story.ID, "error", err)
		o.without = "The brief could not be read when this was suggested."
		return o
	}
	o.read, _ = brief.ReadText(o.path, o.text)
	if o.read == nil || o.read.Dossier() == nil {
		o.without = "The brief had an error when this was suggested."
		return o
	}
	now, ok := s.in(o.read.Dossier())
	if !ok {
		o.without = "The event was no longer in the brief when this was suggested."
		return o
	}
	o.subject = now
	return o
}

// A draft is a brief with what is suggested.
type draft struct {
	after   []byte // nil: there is none
	line    int    // of the first change, from 1
	without string // why there is none, in a sentence
}

// draft puts changes into the brief, one after the other: each is made in the layout that
// the ones before it left.
func (o original) draft(changes []digest.SuggestedField) draft {
	if len(changes) == 0 {
		return draft{without: "It changes no text: it is words alone."}
	}
	if o.without != "" {
		return draft{without: o.without}
	}
	section, id := o.subject.place()
	read, after := o.read, o.text
	for _, c := range changes {
		e, err := read.Set(section, id, c.Name, c.After)
		if err == nil {
			after, err = brief.Apply(after, e)
		}
		if err != nil {
			return draft{without: "The " + c.Name + " cannot be changed by itself in the brief: " + sentence(err.Error())}
		}
		if read, _ = brief.ReadText(o.path, after); read == nil {
			break
		}
	}
	if !o.says(read, changes) {
		return draft{without: "The brief would not have said what was written."}
	}
	same := 0
	for same < min(len(after), len(o.text)) && after[same] == o.text[same] {
		same++
	}
	line, _ := o.read.Place(same)
	return draft{after: after, line: line}
}

// says reports whether a text has what changes ask for.
func (o original) says(edited *brief.Text, changes []digest.SuggestedField) bool {
	if edited == nil || edited.Dossier() == nil {
		return false
	}
	s, ok := o.subject.in(edited.Dossier())
	return ok && stand(s, changes)
}

// stand reports whether all that changes ask for stands.
func stand(s subject, changes []digest.SuggestedField) bool {
	for _, f := range s.fields() {
		for _, c := range changes {
			if c.Name == f.Name && cleaned(f, c.After) != cleaned(f, f.Value) {
				return false
			}
		}
	}
	return true
}

// wouldBreak says what a brief would be in error with that says what was written, without
// the places: whoever is told does not see the file. Empty: nothing. How the brief is laid
// out is left aside.
func wouldBreak(s subject, changes []digest.SuggestedField) (string, error) {
	data, err := json.Marshal(s.story)
	if err != nil {
		return "", fmt.Errorf("writing down the story %s: %w", s.story.ID, err)
	}
	var d map[string]any
	if err := json.Unmarshal(data, &d); err != nil {
		return "", fmt.Errorf("reading the story %s again: %w", s.story.ID, err)
	}
	delete(d, "id") // it is the name of the file
	fields := d
	if events, _ := d["timeline"].([]any); s.event != nil {
		for _, e := range events {
			if e, _ := e.(map[string]any); e["id"] == s.event.ID {
				fields = e
			}
		}
	}
	for _, c := range changes {
		fields[c.Name] = c.After
	}
	// A brief is YAML, and so is every JSON.
	if data, err = json.Marshal(d); err != nil {
		return "", fmt.Errorf("writing down the story %s: %w", s.story.ID, err)
	}
	_, problems := brief.Decode(s.story.ID+".yaml", data)
	var said []string
	for _, p := range problems {
		if p.Severity == brief.Error && len(said) < 3 {
			said = append(said, sentence(p.Message))
		}
	}
	return strings.Join(said, " "), nil
}

// patch is a draft as a mail, nil where none can be made.
func (b *Bot) patch(ctx context.Context, o original, d draft, s digest.Suggestion, now time.Time) []byte {
	what := s.Story
	if s.Item != "" {
		_, what, _ = strings.Cut(s.Item, "/")
	}
	m, err := desk.Patch{
		Path: o.path, Before: o.text, After: d.after,
		Subject: fmt.Sprintf("%s: correct %s", s.Story, what),
		Reason:  s.Reason, Address: s.Asker, At: now, Version: b.version,
		Notes: []string{"Suggested-in: " + s.Where.Platform},
	}.Mail()
	if err != nil {
		b.log.ErrorContext(ctx, "making the patch of a suggestion", "story", s.Story, "item", s.Item, "error", err)
		return nil
	}
	return m
}
