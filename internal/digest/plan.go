package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// planBatch is how many subscriptions are planned in one transaction.
const planBatch = 250

// longSettle is after how many settle times without quiet a digest goes out
// anyway.
const longSettle = 10

// retryPlan is after how long a digest that could not be composed is tried again.
const retryPlan = time.Minute

// A planner turns what is due into deliveries. It remembers, for one pass, what
// it read and composed, so that many subscriptions that are told the same cost
// little more than one.
type planner struct {
	ledger  *Ledger
	compose func(context.Context, Digest) ([]chat.Card, error)
	visible func(Subscription, string) bool
	alarm   func(ctx context.Context, key, message string)
	settle  time.Duration
	serves  func(platform string) bool

	windows  map[string][]change
	merged   map[string][]change
	composed map[string]*composition
}

// A change is one as it is kept, or what several came to.
type change struct {
	Recorded
	subject string
	origin  int64
}

// A composition is what is told, and how.
type composition struct {
	hash    string
	changes []change
	cards   []chat.Card
}

// A flush is what is planned for one subscription.
type flush struct {
	sub    Subscription
	key    string
	window bool         // the key is of a window on the clock
	told   *composition // nil: nothing
	cursor int64        // the new places
	urgent int64
	next   time.Time
}

const (
	sqlDue = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.next_at > 0 AND s.next_at <= $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlDueImmediate = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.schedule = 'immediate' AND s.cursor_seq < $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlDueUrgent = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.schedule <> 'immediate' AND s.urgent_seq < $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlNextDue = `SELECT COALESCE(MIN(s.next_at), 0)` + sqlSubscriptionTables + `WHERE s.next_at > 0 AND COALESCE(c.suspended, '') = ''`
)

// run plans what is due at now and returns when the next may be, the zero time if
// nothing is in sight.
func (p *planner) run(ctx context.Context, now time.Time) (time.Time, error) {
	p.forget()
	failed, err := p.each(ctx, now, sqlDue, millis(now), p.scheduled)
	if err != nil {
		return time.Time{}, err
	}
	quiet, err := p.wave(ctx, now, &failed)
	if err != nil {
		return time.Time{}, err
	}
	var due int64
	if err := p.ledger.read.QueryRowContext(ctx, sqlNextDue).Scan(&due); err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	next := earliest(moment(due), quiet)
	if failed {
		// What failed is still due: do not come back for it at once.
		if again := now.Add(retryPlan); next.IsZero() || !next.After(now) {
			next = again
		}
	}
	return next, nil
}

// forget drops what was read and composed: the next pass may find it changed.
func (p *planner) forget() {
	p.windows, p.merged, p.composed = make(map[string][]change), make(map[string][]change), make(map[string]*composition)
}

// earliest returns the earlier of two times, of which the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

const (
	sqlFirstImmediate = `SELECT COALESCE(MIN(s.cursor_seq), -1)` + sqlSubscriptionTables + `WHERE s.schedule = 'immediate' AND s.cursor_seq < $1 AND COALESCE(c.suspended, '') = ''`
	sqlFirstUrgent    = `SELECT COALESCE(MIN(s.urgent_seq), -1)` + sqlSubscriptionTables + `WHERE s.schedule <> 'immediate' AND s.urgent_seq < $1 AND COALESCE(c.suspended, '') = ''`
	sqlUrgentHead     = `SELECT COALESCE(MAX(seq), 0) FROM changes WHERE announce = 'now'`
	sqlChangeAt       = `SELECT at FROM changes WHERE seq = $1`
	sqlNextUrgent     = `SELECT COALESCE(MIN(seq), 0) FROM changes WHERE announce = 'now' AND seq > $1`
)

// wave plans what goes out as soon as the briefs are quiet, and returns when they
// will be, if there is something to wait for.
func (p *planner) wave(ctx context.Context, now time.Time, failed *bool) (time.Time, error) {
	q := p.ledger.read
	head, err := head(ctx, q)
	if err != nil || head == 0 {
		return time.Time{}, p.ledger.explain(err)
	}
	urgent, err := scalar(ctx, q, sqlUrgentHead)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	first, err := p.firstPending(ctx, head, urgent)
	if err != nil || first == 0 {
		return time.Time{}, p.ledger.explain(err)
	}
	since, err := scalar(ctx, q, sqlChangeAt, first)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	last, err := scalar(ctx, q, sqlChangeAt, head)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	due := earliest(moment(last).Add(p.settle), moment(since).Add(longSettle*p.settle))
	if due.After(now) {
		return due, nil
	}
	bad, err := p.each(ctx, now, sqlDueImmediate, head, func(s Subscription, now time.Time) flush { return p.immediate(s, head) })
	*failed = *failed || bad
	if err != nil || urgent == 0 {
		return time.Time{}, err
	}
	bad, err = p.each(ctx, now, sqlDueUrgent, urgent, func(s Subscription, now time.Time) flush { return p.urgent(s, head) })
	*failed = *failed || bad
	return time.Time{}, err
}

// firstPending returns the first change that anybody waits for to be told at
// once, 0 for none.
func (p *planner) firstPending(ctx context.Context, head, urgent int64) (first int64, err error) {
	cursor, err := scalar(ctx, p.ledger.read, sqlFirstImmediate, head)
	if err != nil {
		return 0, err
	}
	if cursor >= 0 {
		first = cursor + 1
	}
	if cursor, err = scalar(ctx, p.ledger.read, sqlFirstUrgent, urgent); err != nil || cursor < 0 {
		return first, err
	}
	seq, err := scalar(ctx, p.ledger.read, sqlNextUrgent, cursor)
	if err == nil && seq > 0 && (first == 0 || seq < first) {
		first = seq
	}
	return first, err
}

func scalar(ctx context.Context, q queryer, query string, args ...any) (v int64, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&v)
	return v, err
}

// each plans every subscription that a query finds, a batch at a time: memory
// does not grow with their number. It says whether one could not be composed.
func (p *planner) each(ctx context.Context, now time.Time, query string, bound int64, outline func(Subscription, time.Time) flush) (failed bool, err error) {
	for last := int64(0); ; {
		subs, err := collect(ctx, p.ledger.read, scanSubscription, query, bound, last, planBatch)
		if err != nil {
			return failed, fmt.Errorf("reading what is due: %w", p.ledger.explain(err))
		}
		var flushes []flush
		for _, s := range subs {
			last = s.ID
			f := outline(s, now)
			if err := p.fill(ctx, &f); err != nil {
				if ctx.Err() != nil {
					return failed, ctx.Err()
				}
				failed = true
				p.alarm(ctx, "plan:"+strconv.FormatInt(s.ID, 10), fmt.Sprintf("The digest for %v could not be composed; it is tried again every minute. %v", s.Where, err))
				continue
			}
			flushes = append(flushes, f)
		}
		if len(flushes) > 0 {
			if err := p.store(ctx, flushes, now); err != nil {
				return failed, err
			}
		}
		if len(subs) < planBatch {
			return failed, nil
		}
	}
}

// scheduled outlines a digest whose window ends.
func (p *planner) scheduled(s Subscription, now time.Time) flush {
	return flush{
		sub: s, cursor: -1, urgent: -1, window: true,
		key:  p.ledger.keyOf("digest", strconv.FormatInt(s.ID, 10), s.Schedule.slot(s.Next, s.zone())),
		next: s.Schedule.Next(now, s.zone()),
	}
}

// immediate outlines a digest that goes out with every wave.
func (p *planner) immediate(s Subscription, head int64) flush {
	return flush{sub: s, cursor: head, urgent: head, key: p.waveKey(s, head)}
}

// urgent outlines what a scheduled subscription is told before its time.
func (p *planner) urgent(s Subscription, head int64) flush {
	return flush{sub: s, cursor: s.Cursor, urgent: head, key: p.waveKey(s, head), next: s.Next}
}

func (p *planner) waveKey(s Subscription, head int64) string {
	return p.ledger.keyOf("digest", strconv.FormatInt(s.ID, 10), "wave", strconv.FormatInt(head, 10))
}

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
	f.told, err = p.composition(ctx, f.sub, told)
	return err
}

const (
	sqlWindow        = `SELECT seq, at, subject, origin, body FROM changes WHERE seq > $1 AND seq <= $2 ORDER BY seq`
	sqlWindowOfStory = `SELECT seq, at, subject, origin, body FROM changes WHERE story = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`
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
	var at int64
	var body []byte
	if err := scan(&c.Seq, &at, &c.subject, &c.origin, &body); err != nil {
		return c, err
	}
	c.At = moment(at)
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
	if left, err = p.dropReturned(ctx, f.sub, left); err != nil {
		return nil, err
	}
	var told []change
	for _, c := range p.merge(left) {
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
// the subscription should have been told of them and was not.
func (p *planner) dropReturned(ctx context.Context, s Subscription, window []change) ([]change, error) {
	silent := make(map[string]bool)
	for _, c := range window {
		if c.origin == ordinary {
			continue
		}
		known := c.origin <= s.sinceSeq
		if !known && c.origin <= s.Cursor {
			var err error
			if known, err = p.tells(ctx, s.Where, c.subject); err != nil {
				return nil, err
			}
		}
		if known {
			silent[c.subject] = true
		}
	}
	if len(silent) == 0 {
		return window, nil
	}
	return slices.DeleteFunc(window, func(c change) bool {
		return silent[c.subject] && (c.origin != ordinary || strings.HasSuffix(string(c.Kind), ".removed"))
	}), nil
}

// tells says whether a conversation was told of a subject.
func (p *planner) tells(ctx context.Context, where chat.Conversation, subject string) (bool, error) {
	n, err := scalar(ctx, p.ledger.read, sqlTells, subject, where.String())
	return n > 0, p.ledger.explain(err)
}

// merge returns what changes come to, each with the place of the last of them.
func (p *planner) merge(changes []change) []change {
	var key strings.Builder
	plain := make([]brief.Change, len(changes))
	last := make(map[string]change)
	for i, c := range changes {
		fmt.Fprint(&key, c.Seq, " ")
		plain[i] = c.Change
		last[c.subject], last[c.Story] = c, c
	}
	if m, ok := p.merged[key.String()]; ok {
		return m
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
		m.Seq, m.At = place.Seq, place.At
		merged = append(merged, m)
	}
	slices.SortStableFunc(merged, bySeq)
	remember(p.merged, key.String(), merged)
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
	if item := corrected(c.Change); item != "" {
		return p.tells(ctx, f.sub.Where, item)
	}
	return false, nil
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
	kinds := map[string]brief.ChangeKind{
		"timeline": brief.EventAdded, "indicators": brief.IndicatorAdded, "people": brief.PersonAdded,
		"organizations": brief.OrganizationAdded, "scenarios": brief.ScenarioAdded, "history": brief.CaseAdded,
	}
	return subject(brief.Change{Story: c.Story, Kind: kinds[section], Item: id})
}

// composition returns what is told as cards; nil if nothing is worth a card.
func (p *planner) composition(ctx context.Context, s Subscription, told []change) (*composition, error) {
	d := Digest{
		Sub:  Subscription{Stories: s.Stories, Schedule: s.Schedule, Timezone: s.Timezone, Importance: s.Importance},
		From: told[0].At, To: told[0].At, Zone: s.zone(),
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q\n", s.Stories, s.Schedule, s.Timezone, s.Importance)
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
