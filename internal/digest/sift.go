package digest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// fill finds what a flush tells and how.
func (p *planner) fill(ctx context.Context, f *flush) (err error) {
	upto := max(f.cursor, f.urgent)
	if upto < 0 {
		if upto, err = head(ctx, p.ledger.read); err != nil {
			return p.ledger.explain(err)
		}
		f.cursor, f.urgent = upto, upto
	}
	if f.sub.Cursor >= upto {
		return nil
	}
	window, err := p.window(ctx, f.sub, upto)
	if err != nil {
		return fmt.Errorf("reading changes: %w", p.ledger.explain(err))
	}
	if len(window) == 0 {
		return nil
	}
	told, err := p.sift(ctx, f, window)
	if err != nil || len(told) == 0 {
		return err
	}
	f.told, err = p.parts(ctx, f.sub, told)
	return err
}

// parts divides what a flush tells by the mode of the order: a digest for all, or
// one for each story, in the order in which they come.
func (p *planner) parts(ctx context.Context, s Subscription, told []change) (parts []part, err error) {
	add := func(form Form, story string, told []change) error {
		c, err := p.composition(ctx, s, form, story, told)
		if c != nil {
			parts = append(parts, part{composition: c, form: form, story: story})
		}
		return err
	}
	if s.Mode != ModeEdit {
		if parts, told, err = p.answers(ctx, s, told); err != nil || len(told) == 0 {
			return parts, err
		}
	}
	if s.Mode != ModeEdit && s.Mode != ModeThread {
		err = add(News, "", told)
		return parts, err
	}
	form := News
	if s.Mode == ModeEdit {
		form = Living
	}
	for len(told) > 0 {
		var of, rest []change
		for _, c := range told {
			if c.Story == told[0].Story {
				of = append(of, c)
			} else {
				rest = append(rest, c)
			}
		}
		if form == Living {
			if of, err = p.carry(ctx, s, of[0].Story, of); err != nil {
				return nil, err
			}
		}
		if len(of) > 0 {
			err = add(form, of[0].Story, of)
		}
		if err != nil {
			return nil, err
		}
		told = rest
	}
	return parts, nil
}

const (
	// sqlChange begins what reads changes, with what scanChange takes.
	sqlChange        = `SELECT seq, at, subject, origin, body, commit_hash, author, authored_at FROM changes `
	sqlWindow        = sqlChange + `WHERE seq > $1 AND seq <= $2 ORDER BY seq`
	sqlWindowOfStory = sqlChange + `WHERE story = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`
)

// window returns the changes of a subscription's stories after its cursor.
func (p *planner) window(ctx context.Context, s Subscription, upto int64) ([]change, error) {
	key := fmt.Sprint(s.Cursor, upto, s.Stories)
	if w, ok := p.windows[key]; ok {
		return w, nil
	}
	var w []change
	var err error
	if slices.Contains(s.Stories, AllStories) {
		w, err = collect(ctx, p.ledger.read, scanChange, sqlWindow, s.Cursor, upto)
	} else {
		for _, story := range s.Stories {
			part, errPart := collect(ctx, p.ledger.read, scanChange, sqlWindowOfStory, story, s.Cursor, upto)
			w, err = append(w, part...), errors.Join(err, errPart)
		}
		slices.SortFunc(w, bySeq)
	}
	if err != nil {
		return nil, err
	}
	remember(p.windows, key, w)
	return w, nil
}

// remember keeps few enough that memory stays flat however many there are.
func remember[V any](m map[string]V, key string, v V) {
	const most = 64
	if len(m) >= most {
		clear(m)
	}
	m[key] = v
}

func bySeq(a, b change) int { return int(a.Seq - b.Seq) }

func scanChange(scan func(...any) error) (c change, err error) {
	var at, authored int64
	var body []byte
	if err := scan(&c.Seq, &at, &c.subject, &c.origin, &body, &c.Commit.Hash, &c.Commit.Author, &authored); err != nil {
		return c, err
	}
	c.At, c.Commit.At = moment(at), moment(authored)
	return c, json.Unmarshal(body, &c.Change)
}

const (
	sqlTold = `SELECT t.subject, MAX(t.seq) FROM digests g JOIN composition_changes t ON t.composition = g.composition
		WHERE g.conversation = $1 AND g.upto_seq > $2 GROUP BY t.subject`
	sqlTells = `SELECT COUNT(*) FROM (SELECT 1 FROM composition_changes t JOIN digests g ON g.composition = t.composition
		WHERE t.subject = $1 AND g.conversation = $2 LIMIT 1) found`
)

// sift returns what of a window a subscription is told: what it may see, does not
// know, and asked for, merged.
func (p *planner) sift(ctx context.Context, f *flush, window []change) ([]change, error) {
	ahead := make(map[string]int64) // what an earlier wave or another order told already
	_, err := collect(ctx, p.ledger.read, func(scan func(...any) error) (none struct{}, err error) {
		var subject string
		var seq int64
		err = scan(&subject, &seq)
		ahead[subject] = seq
		return none, err
	}, sqlTold, f.sub.Where.String(), f.sub.Cursor)
	if err != nil {
		return nil, p.ledger.explain(err)
	}
	sees := make(map[string]bool)
	var left []change
	for _, c := range window {
		may, asked := sees[c.Story]
		if !asked {
			may = !slices.Contains(f.sub.elsewhere, c.Story) && p.visible(f.sub, c.Story)
			sees[c.Story] = may
		}
		if may && c.Seq > ahead[c.subject] {
			left = append(left, c)
		}
	}
	left, own, err := p.dropReturned(ctx, f.sub, left)
	if err != nil {
		return nil, err
	}
	merge := p.merge
	if own {
		merge = merged
	}
	var told []change
	for _, c := range merge(left) {
		wanted, err := p.wanted(ctx, f, c, left)
		if err != nil {
			return nil, err
		}
		if wanted {
			told = append(told, c)
		}
	}
	return told, nil
}

// dropReturned drops items that were removed and came back as they were, unless
// the subscription should have been told of them and was not, or was told otherwise.
// Own says that what is left is not the same for all who have the window.
func (p *planner) dropReturned(ctx context.Context, s Subscription, window []change) (left []change, own bool, err error) {
	silent := make(map[string]bool)
	for _, c := range window {
		if c.origin == ordinary {
			continue
		}
		known := c.origin <= s.sinceSeq
		if !known && c.origin <= s.Cursor {
			if known, err = p.tells(ctx, s.Where, c.subject); err != nil {
				return nil, false, err
			}
		}
		if known {
			silent[c.subject] = true
		}
	}
	if len(silent) == 0 {
		return window, false, nil
	}
	for _, c := range window {
		if silent[c.subject] && strings.HasSuffix(string(c.Kind), ".removed") {
			continue
		}
		if silent[c.subject] && c.origin != ordinary {
			since, changed, err := p.sinceTold(ctx, s.Where, c)
			if err != nil {
				return nil, false, err
			}
			if !changed {
				continue
			}
			c.Change, c.origin, own = since, ordinary, true
		}
		left = append(left, c)
	}
	return left, own, nil
}

// sinceTold returns an item that is back as it looks to a conversation that was told
// of it; false if it was told just that, or nothing.
func (p *planner) sinceTold(ctx context.Context, where chat.Conversation, c change) (brief.Change, bool, error) {
	if c.Kind == brief.DossierOpened {
		return brief.Change{}, false, nil
	}
	told, err := p.toldLast(ctx, where, c.subject)
	if err != nil || told == nil {
		return brief.Change{}, false, err
	}
	since, changed := rebase(*told, c.Change)
	return since, changed, nil
}

const sqlToldLast = `SELECT t.body FROM composition_changes t JOIN digests g ON g.composition = t.composition
	WHERE t.subject = $1 AND g.conversation = $2 ORDER BY t.seq DESC LIMIT 1`

// toldLast returns the change of a subject that a conversation was told last, or nil.
func (p *planner) toldLast(ctx context.Context, where chat.Conversation, subject string) (*brief.Change, error) {
	var body []byte
	err := p.ledger.read.QueryRowContext(ctx, sqlToldLast, subject, where.String()).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, p.ledger.explain(err)
	}
	c := new(brief.Change)
	return c, json.Unmarshal(body, c)
}

// tells says whether a conversation was told of a subject.
func (p *planner) tells(ctx context.Context, where chat.Conversation, subject string) (bool, error) {
	n, err := scalar(ctx, p.ledger.read, sqlTells, subject, where.String())
	return n > 0, p.ledger.explain(err)
}

// merge returns what changes of a window come to.
func (p *planner) merge(changes []change) []change {
	var key strings.Builder
	for _, c := range changes {
		fmt.Fprint(&key, c.Seq, " ")
	}
	if m, ok := p.merged[key.String()]; ok {
		return m
	}
	m := merged(changes)
	remember(p.merged, key.String(), m)
	return m
}

// merged returns what changes come to, each with the place of the last of them.
func merged(changes []change) []change {
	plain := make([]brief.Change, len(changes))
	last := make(map[string]change)
	for i, c := range changes {
		plain[i] = c.Change
		last[c.subject], last[c.Story] = c, c
	}
	var merged []change
	for _, c := range brief.Merge(plain) {
		m := change{Recorded: Recorded{Change: c}, subject: subject(c), origin: ordinary}
		place, ok := last[m.subject]
		if !ok {
			place = last[c.Story]
		}
		if c.Kind == brief.DossierOpened {
			place = last[c.Story] // it holds whatever was changed since
		}
		m.Seq, m.At, m.Commit = place.Seq, place.At, place.Commit
		merged = append(merged, m)
	}
	slices.SortStableFunc(merged, bySeq)
	return merged
}

// wanted says whether a merged change is told to a subscription.
func (p *planner) wanted(ctx context.Context, f *flush, c change, window []change) (bool, error) {
	if c.Announce == brief.Silent || strings.HasSuffix(string(c.Kind), ".removed") {
		return false, nil
	}
	if f.urgent > f.cursor && !urgentIn(window, c.subject, f.sub.urgent) {
		return false, nil
	}
	if c.Importance.Rank() >= f.sub.Importance.Rank() || f.sub.Importance == "" {
		return true, nil
	}
	item := corrected(c.Change)
	if c.Kind == brief.EventRetracted || c.Kind == brief.EventRestored {
		item = c.subject // it may have been worth more when it was told
	}
	if item == "" {
		return false, nil
	}
	return p.tells(ctx, f.sub.Where, item)
}

// urgentIn says whether a window has a change of a subject that is to be told at
// once and was not considered yet.
func urgentIn(window []change, subject string, considered int64) bool {
	return slices.ContainsFunc(window, func(c change) bool {
		return c.subject == subject && c.Announce == brief.Now && c.Seq > considered
	})
}

// corrected returns the subject that a correction is about, empty if it is none or
// names none.
func corrected(c brief.Change) string {
	section, id, ok := strings.Cut(c.Item, "/")
	if c.Kind != brief.CorrectionPublished || !ok {
		return ""
	}
	kind, ok := sections[section]
	if !ok {
		return "" // sources are told of nowhere
	}
	return subject(brief.Change{Story: c.Story, Kind: kind, Item: id})
}

// composition returns what is told as cards; nil if nothing is worth a card.
func (p *planner) composition(ctx context.Context, s Subscription, form Form, story string, told []change) (*composition, error) {
	d := Digest{
		Form: form, Story: story,
		Sub:  Subscription{Stories: s.Stories, Schedule: s.Schedule, Timezone: s.Timezone, Importance: s.Importance},
		From: told[0].At, To: told[0].At, Zone: s.zone(),
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %q %q\n", form, story, s.Stories, s.Schedule, s.Timezone, s.Importance)
	for _, c := range told {
		d.Changes = append(d.Changes, c.Recorded)
		if c.At.Before(d.From) {
			d.From = c.At
		}
		if c.At.After(d.To) {
			d.To = c.At
		}
		// The same last change may have merged with different earlier ones.
		fmt.Fprintf(h, "%d %q %s %q %q\n", c.Seq, c.subject, c.Kind, c.Before, c.After)
	}
	key := string(h.Sum(nil))
	if known, ok := p.composed[key]; ok {
		return known, nil
	}
	cards, err := p.compose(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("composing a digest: %w", err)
	}
	made, err := newComposition(key, told, cards)
	if err == nil {
		remember(p.composed, key, made)
	}
	return made, err
}

func newComposition(key string, told []change, cards []chat.Card) (*composition, error) {
	if len(cards) == 0 {
		return nil, nil
	}
	h := sha256.New()
	h.Write([]byte(key))
	for _, c := range cards {
		_, hash, err := cardForm(c)
		if err != nil {
			return nil, err
		}
		h.Write([]byte(hash))
	}
	return &composition{hash: hex.EncodeToString(h.Sum(nil)), changes: told, cards: cards}, nil
}
