package web

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// maxEntries is how much of the conversation is kept and shown: enough to scroll
// back over an afternoon's editing, little enough that the page stays small.
const maxEntries = 50

// maxKeys is how many keys of sent messages are remembered.
const maxKeys = 1024

// An entryKind says how an entry came about.
type entryKind string

// The kinds of entries. Only an answer is edited when its button is pressed.
const (
	answerEntry  entryKind = "answer"
	digestEntry  entryKind = "digest"  // sent to the preview as to any conversation
	previewEntry entryKind = "preview" // what an edit would cause
	troubleEntry entryKind = "trouble"
	formEntry    entryKind = "form" // to be filled in, or filled in
)

// An entry is a message of the preview's conversation, with the question that it
// answers, if any.
type entry struct {
	ID      string // of the page's element; unique across restarts
	Kind    entryKind
	Line    string // what was asked, as typed
	Card    chat.Card
	At      time.Time
	asks    *asked // the form of a formEntry; never changed, but replaced
	version int    // of the transcript, when the entry last changed
}

// A transcript is the preview's conversation: shared, like a channel, by all who
// look at it. It is safe for use by many at once.
type transcript struct {
	epoch string // tells the entries of this process from those of earlier ones

	mu      sync.Mutex
	version int // counts changes
	count   int // of entries ever added
	entries []entry
	keys    map[string]string // key of a sent message → entry
	recent  []string          // keys, oldest first
	waiting map[chan struct{}]bool
}

func newTranscript(start time.Time) *transcript {
	return &transcript{
		epoch:   strconv.FormatInt(start.UnixMilli(), 36),
		keys:    make(map[string]string),
		waiting: make(map[chan struct{}]bool),
	}
}

// add appends e under a new id and returns it as it is kept.
func (t *transcript) add(e entry) entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.append(e)
}

func (t *transcript) append(e entry) entry {
	t.count++
	e.ID = "m" + t.epoch + "-" + strconv.Itoa(t.count)
	t.version++
	e.version = t.version
	t.entries = append(t.entries, e)
	if len(t.entries) > maxEntries {
		t.entries = slices.Clone(t.entries[len(t.entries)-maxEntries:])
	}
	t.wake()
	return e
}

// post appends e once for equal keys and returns its id.
func (t *transcript) post(e entry, key string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.keys[key]; ok && key != "" {
		return id
	}
	id := t.append(e).ID
	if key == "" {
		return id
	}
	t.keys[key] = id
	t.recent = append(t.recent, key)
	if len(t.recent) > maxKeys {
		delete(t.keys, t.recent[0])
		t.recent = slices.Clone(t.recent[1:])
	}
	return id
}

// find returns the entry of this id.
func (t *transcript) find(id string) (entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.index(id)
	if i < 0 {
		return entry{}, false
	}
	return t.entries[i], true
}

func (t *transcript) index(id string) int {
	return slices.IndexFunc(t.entries, func(e entry) bool { return e.ID == id })
}

// replace gives an answer a new card. It reports false where the entry is gone.
func (t *transcript) replace(id string, c chat.Card) (entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.index(id)
	if i < 0 {
		return entry{}, false
	}
	t.version++
	t.entries[i].Card = c
	t.entries[i].version = t.version
	t.wake()
	return t.entries[i], true
}

// since returns the entries that changed after a version, and the version they
// make up.
func (t *transcript) since(version int) ([]entry, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var changed []entry
	for _, e := range t.entries {
		if e.version > version {
			changed = append(changed, e)
		}
	}
	return changed, t.version
}

// watch returns a channel that receives after changes; several may make one. The
// caller stops it.
func (t *transcript) watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting[c] = true
	return c, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.waiting, c)
	}
}

func (t *transcript) wake() {
	for c := range t.waiting {
		select {
		case c <- struct{}{}:
		default: // it has not looked yet and will see this change too
		}
	}
}
