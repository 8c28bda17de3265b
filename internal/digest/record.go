package digest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// A Recorded is a change with its place in the ledger.
type Recorded struct {
	Seq int64     // rises by the order of recording, without gaps
	At  time.Time // when it was recorded
	// Commit is the newest known to have changed its story when it was recorded; of
	// changes that were merged, that of the last. It is zero where none was known.
	Commit brief.Commit
	brief.Change
}

// ordinary is the origin of a change that is not an item coming back.
const ordinary = -1

// A recordCache knows the baseline as of one record, so that an unchanged dossier
// costs a comparison of pointers.
type recordCache struct {
	mu    sync.Mutex
	take  int64 // the record that known is of
	known map[string]baseline
}

// A baseline is what was recorded last of one story.
type baseline struct {
	hash    string
	present bool
	dossier *brief.Dossier // what was found to have this hash; nil: none yet
}

const (
	sqlCounter   = `SELECT value FROM counters WHERE name = $1`
	sqlBaselines = `SELECT story, hash, present FROM dossiers`
)

// Record compares snap with what was recorded last, and writes down what changed
// together with the new state, all or nothing. Equal states change nothing. The
// first call of a new store announces nothing. It returns the new changes.
func (l *Ledger) Record(ctx context.Context, snap *brief.Snapshot) ([]Recorded, error) {
	l.record.mu.Lock()
	defer l.record.mu.Unlock()
	hashes, err := l.record.hash(snap.Dossiers())
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := recording{now: l.now().UTC(), snap: snap, hashes: hashes, cache: &l.record}
	err = l.update(ctx, "record", func(tx *transaction) error { return r.run(ctx, tx) })
	if err != nil {
		// Whether it was committed may be unknown: read the baseline afresh.
		l.record.known = nil
		return nil, err
	}
	l.record.take, l.record.known = r.take, r.known
	if len(r.changes) > 0 {
		l.stir()
	}
	return r.changes, nil
}

// hash returns the hashes of the dossiers that the cache does not know.
func (c *recordCache) hash(dossiers []*brief.Dossier) (map[*brief.Dossier]string, error) {
	var unknown []*brief.Dossier
	for _, d := range dossiers {
		if c.known[d.ID].dossier != d {
			unknown = append(unknown, d)
		}
	}
	hashes := make([]string, len(unknown))
	errs := make([]error, len(unknown))
	var wg sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		wg.Go(func() {
			for i := part; i < len(unknown); i += parts {
				_, hashes[i], errs[i] = canonicalForm(unknown[i])
			}
		})
	}
	wg.Wait()
	found := make(map[*brief.Dossier]string, len(unknown))
	for i, d := range unknown {
		found[d] = hashes[i]
	}
	return found, errors.Join(errs...)
}

// canonicalForm returns a dossier's JSON and the hash that names it.
func canonicalForm(d *brief.Dossier) (data []byte, hash string, err error) {
	if data, err = json.Marshal(d); err != nil {
		return nil, "", fmt.Errorf("writing dossier %s: %w", d.ID, err)
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:]), nil
}

// A recording is one call of Record.
type recording struct {
	now    time.Time
	snap   *brief.Snapshot
	hashes map[*brief.Dossier]string
	cache  *recordCache

	first   bool // nothing was ever recorded
	take    int64
	known   map[string]baseline
	touched []story
	changes []Recorded
	origins []int64 // of changes
}

// A story is one whose state differs from the baseline.
type story struct {
	id      string
	before  baseline
	after   *brief.Dossier // nil: it was removed
	hash    string
	changed bool
}

func (r *recording) run(ctx context.Context, tx *transaction) error {
	if err := r.load(ctx, tx); err != nil {
		return err
	}
	if r.compare(); len(r.touched) == 0 && !r.first {
		return nil
	}
	for i := range r.touched {
		if err := r.diff(ctx, tx, &r.touched[i]); err != nil {
			return err
		}
	}
	return r.store(ctx, tx)
}

// load reads the baseline, or takes the cached one where it is still that.
func (r *recording) load(ctx context.Context, tx *transaction) error {
	err := tx.QueryRowContext(ctx, sqlCounter, "record").Scan(&r.take)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	r.first = r.take == 0
	r.known = make(map[string]baseline, len(r.cache.known))
	if r.cache.known != nil && r.cache.take == r.take {
		for id, b := range r.cache.known {
			r.known[id] = b
		}
		return nil
	}
	_, err = collect(ctx, tx, func(scan func(...any) error) (none struct{}, err error) {
		var id string
		var b baseline
		err = scan(&id, &b.hash, &b.present)
		r.known[id] = b
		return none, err
	}, sqlBaselines)
	return err
}

// compare finds the stories that differ from the baseline.
func (r *recording) compare() {
	current := make(map[string]bool)
	for _, d := range r.snap.Dossiers() {
		current[d.ID] = true
		b, recorded := r.known[d.ID]
		if recorded && b.present && b.dossier == d {
			continue
		}
		hash, ok := r.hashes[d]
		if !ok {
			hash = b.hash // its pointer is the cache's, of a story that was removed
		}
		if recorded && b.present && b.hash == hash {
			b.dossier = d
			r.known[d.ID] = b
			continue
		}
		r.touched = append(r.touched, story{id: d.ID, before: b, after: d, hash: hash})
	}
	for id, b := range r.known {
		if b.present && !current[id] {
			r.touched = append(r.touched, story{id: id, before: b})
		}
	}
	slices.SortFunc(r.touched, func(a, b story) int { return strings.Compare(a.id, b.id) })
}

// diff finds what changed in one story.
func (r *recording) diff(ctx context.Context, tx *transaction, s *story) error {
	var before *brief.Dossier
	var err error
	if s.before.hash != "" && s.before.hash != s.hash {
		if before, err = content(ctx, tx, s.before.hash); err != nil {
			return fmt.Errorf("reading what was recorded of %s: %w", s.id, err)
		}
	}
	switch {
	case s.after == nil:
		r.add(s, ordinary, brief.DiffDossier(before, nil)...)
	case s.before.hash == "": // never seen
		if !r.first {
			r.add(s, ordinary, brief.DiffDossier(nil, s.after)...)
		}
	default:
		if !s.before.present {
			if err := r.back(ctx, tx, s, brief.DiffDossier(nil, s.after)...); err != nil {
				return err
			}
		}
		if before != nil {
			return r.revise(ctx, tx, s, before)
		}
	}
	return nil
}

// revise finds what changed between two versions, taking an item that was removed
// and is back for the one it was.
func (r *recording) revise(ctx context.Context, tx *transaction, s *story, before *brief.Dossier) error {
	changes := brief.DiffDossier(before, s.after)
	candidates, err := retractedAnew(before, s.after)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if strings.HasSuffix(string(c.Kind), ".added") {
			candidates = append(candidates, c)
		}
	}
	whole := *before
	var returned []brief.Change
	for _, c := range candidates {
		removed, err := lastRemoval(ctx, tx, subject(c))
		if err != nil {
			return err
		}
		if removed == nil {
			continue
		}
		if err := reinstate(&whole, *removed); err != nil {
			return err
		}
		returned = append(returned, c)
	}
	if len(returned) == 0 {
		r.add(s, ordinary, changes...)
		return nil
	}
	changes = brief.DiffDossier(&whole, s.after)
	r.add(s, ordinary, changes...)
	returned = slices.DeleteFunc(returned, func(c brief.Change) bool {
		return slices.ContainsFunc(changes, func(d brief.Change) bool { return subject(d) == subject(c) })
	})
	return r.back(ctx, tx, s, returned...)
}

// retractedAnew returns the events that a story has since another version and that are
// retracted, as if each was added: to add one is no change, unless it was there once.
func retractedAnew(before, after *brief.Dossier) (added []brief.Change, err error) {
	for i := range after.Timeline {
		e := &after.Timeline[i]
		if _, was := before.Event(e.ID); was || e.Retracted == nil {
			continue
		}
		raw, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		added = append(added, brief.Change{
			Story: after.ID, Kind: brief.EventAdded, Item: e.ID, After: raw,
			Importance: cmp.Or(e.Importance, brief.Normal), Announce: cmp.Or(e.Announce, brief.InDigest),
		})
	}
	return added, nil
}

// reinstate puts the item that a change removed into a dossier again.
func reinstate(d *brief.Dossier, removed brief.Change) (err error) {
	switch removed.Kind {
	case brief.EventRemoved:
		d.Timeline, err = appended(d.Timeline, removed.Before)
	case brief.IndicatorRemoved:
		d.Indicators, err = appended(d.Indicators, removed.Before)
	case brief.PersonRemoved:
		d.People, err = appended(d.People, removed.Before)
	case brief.OrganizationRemoved:
		d.Organizations, err = appended(d.Organizations, removed.Before)
	case brief.ScenarioRemoved:
		d.Scenarios, err = appended(d.Scenarios, removed.Before)
	}
	return err
}

func appended[T any](items []T, raw json.RawMessage) ([]T, error) {
	item, err := brief.As[T](raw)
	if err != nil || item == nil {
		return items, err
	}
	return append(slices.Clip(items), *item), nil
}

const (
	sqlLastRemoval = `SELECT body FROM changes WHERE subject = $1 AND kind LIKE '%.removed' ORDER BY seq DESC LIMIT 1`
	// sqlOrigin is the change that tells an item: that it was restored where it was
	// retracted at first, which is no change.
	sqlOrigin = `SELECT COALESCE(MAX(c.seq), 0) FROM changes c WHERE c.subject = $1 AND c.origin = -1 AND (c.kind LIKE '%.added' OR c.kind = 'dossier.opened'
		OR c.kind = 'event.restored' AND NOT EXISTS (SELECT 1 FROM changes e WHERE e.subject = c.subject AND e.seq < c.seq))`
)

// lastRemoval returns the change that last removed a subject, or nil.
func lastRemoval(ctx context.Context, tx *transaction, subject string) (*brief.Change, error) {
	var body []byte
	err := tx.QueryRowContext(ctx, sqlLastRemoval, subject).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := new(brief.Change)
	return c, json.Unmarshal(body, c)
}

// back notes that what was removed is there again. It is told only to those who
// never heard of it though they would have.
func (r *recording) back(ctx context.Context, tx *transaction, s *story, changes ...brief.Change) error {
	for _, c := range changes {
		var origin int64
		if err := tx.QueryRowContext(ctx, sqlOrigin, subject(c)).Scan(&origin); err != nil {
			return err
		}
		r.add(s, origin, c)
	}
	return nil
}

func (r *recording) add(s *story, origin int64, changes ...brief.Change) {
	commit, _ := r.snap.Commit(s.id)
	for _, c := range changes {
		s.changed = true
		r.changes = append(r.changes, Recorded{At: r.now, Commit: commit, Change: c})
		r.origins = append(r.origins, origin)
	}
}

// subject names what a change is about; changes with equal subjects merge.
func subject(c brief.Change) string {
	key := c.Key()
	if len(key) <= 200 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return key[:100] + "#" + hex.EncodeToString(sum[:8])
}

const (
	sqlNewChange = `INSERT INTO changes (seq, at, story, kind, item, subject, announce, origin, body, commit_hash, author, authored_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlNewContent = `INSERT INTO contents (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`
	sqlNewVersion = `INSERT INTO versions (story, take, at, hash) VALUES ($1, $2, $3, $4)`
	sqlBase       = `INSERT INTO dossiers (story, hash, present, changed_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (story) DO UPDATE SET hash = excluded.hash, present = excluded.present,
		changed_at = CASE WHEN excluded.changed_at > 0 THEN excluded.changed_at ELSE dossiers.changed_at END`
)

// store writes down the changes and the new baseline.
func (r *recording) store(ctx context.Context, tx *transaction) (err error) {
	if r.take, err = next(ctx, tx, "record", 1); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlSetSetting, "revision", r.snap.Revision()); err != nil {
		return err
	}
	if err := r.storeChanges(ctx, tx); err != nil {
		return err
	}
	var p packer
	for _, s := range r.touched {
		if err := r.storeStory(ctx, tx, s, &p); err != nil {
			return fmt.Errorf("writing what is recorded of %s: %w", s.id, err)
		}
	}
	return nil
}

func (r *recording) storeChanges(ctx context.Context, tx *transaction) error {
	if len(r.changes) == 0 {
		return nil
	}
	seq, err := next(ctx, tx, "change", int64(len(r.changes)))
	if err != nil {
		return err
	}
	for i := range r.changes {
		c := &r.changes[i]
		c.Seq = seq + int64(i)
		body, err := json.Marshal(c.Change)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlNewChange, c.Seq, millis(c.At), c.Story, string(c.Kind), c.Item,
			subject(c.Change), string(c.Announce), r.origins[i], string(body), c.Commit.Hash, c.Commit.Author, millis(c.Commit.At))
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *recording) storeStory(ctx context.Context, tx *transaction, s story, p *packer) error {
	base, changedAt := s.before, int64(0)
	base.present, base.dossier = s.after != nil, s.after
	if s.after != nil {
		base.hash = s.hash
		data, _, err := canonicalForm(s.after)
		if err != nil {
			return err
		}
		if data, err = p.pack(data); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlNewContent, base.hash, data); err != nil {
			return err
		}
	}
	if s.changed {
		changedAt = millis(r.now)
	}
	if _, err := tx.ExecContext(ctx, sqlNewVersion, s.id, r.take, millis(r.now), s.hash); err != nil {
		return err
	}
	r.known[s.id] = base
	_, err := tx.ExecContext(ctx, sqlBase, s.id, base.hash, base.present, changedAt)
	return err
}
