package bot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// watch tells the reload loop of news until ctx is done. A watch that fails is begun
// again, and counts as news, because something may have been missed.
func (b *Bot) watch(ctx context.Context) {
	for {
		// A watch that has lasted is mended; one that fails at once again is not.
		lasted := time.AfterFunc(retryEvery, func() { b.mended(ctx, "watch") })
		err := b.source.Watch(ctx, b.notify)
		lasted.Stop()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		b.alarm(ctx, "watch", fmt.Sprintf("The briefs cannot be watched; they are read every %v instead: %v", retryEvery, err))
		if !wait(ctx, retryEvery) {
			return
		}
		b.notify()
	}
}

func (b *Bot) notify() {
	select {
	case b.changed <- struct{}{}:
	default: // one is waiting already
	}
}

// lookEvery is how often the briefs are looked at at most because somebody asks.
const lookEvery = 5 * time.Second

// Look has the briefs looked for now, where they come from: whoever calls knows that
// there may be news. It returns at once. What is asked for more often than every five
// seconds comes to one look at their end.
func (b *Bot) Look() {
	if f, ok := b.source.(brief.Fetcher); ok {
		f.Fetch()
		return
	}
	if in, ok := b.looks.ask(b.now()); ok {
		time.AfterFunc(in, b.notify)
	}
}

// Looks are those that were asked for.
type looks struct {
	mu   sync.Mutex
	last time.Time // or the one to come
}

// ask returns after how long to look; false if a look is to come anyway.
func (l *looks) ask(now time.Time) (in time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.last.Sub(now)
	switch {
	case until > lookEvery: // the clock was set back
		until = -lookEvery
	case until > 0:
		return 0, false
	}
	in = max(0, until+lookEvery)
	l.last = now.Add(in)
	return in, true
}

// wait returns after d, or false when ctx is done.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follow reloads whenever there may be news, and again some time after a failure.
func (b *Bot) follow(ctx context.Context) {
	var again <-chan time.Time
	if b.health.err() != nil {
		again = time.After(retryEvery)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.changed:
		case <-again:
		}
		again = nil
		if !b.reload(ctx) {
			again = time.After(retryEvery)
		}
	}
}

// reload loads the briefs, swaps them in and records them. What fails is alarmed,
// and tried again when it returns false: readers see the new snapshot even where it
// could not be recorded yet, because the ledger compares with its own baseline.
func (b *Bot) reload(ctx context.Context) bool {
	next, err := b.source.Load(ctx, b.library.Current())
	if ctx.Err() != nil {
		return true
	}
	b.tellFetch(ctx, err)
	if err != nil {
		b.sourceFailed(ctx, err)
		return false
	}
	b.sourceMended(ctx)
	b.library.Swap(next)
	if err := b.record(ctx, next); err != nil {
		b.health.set("record", err)
		b.alarm(ctx, "record", fmt.Sprintf("Changes could not be recorded, so no digest is sent until they are: %v", err))
		return false
	}
	b.health.set("record", nil)
	b.mended(ctx, "record")
	return true
}

func (b *Bot) sourceFailed(ctx context.Context, err error) {
	b.health.set("briefs", err)
	if f, _ := b.fetched(); errors.Is(err, f.Err) && f.Err != nil && !f.Lasting {
		b.log.WarnContext(ctx, "the briefs cannot be fetched; the last ones are served", "error", err)
		return
	}
	b.alarm(ctx, "source", fmt.Sprintf("The briefs cannot be read; the last ones are served: %v", err))
}

func (b *Bot) sourceMended(ctx context.Context) {
	b.health.set("briefs", nil)
	b.mended(ctx, "source")
}

// fetched returns how the source could be asked for news of late; false for one that is
// on this machine.
func (b *Bot) fetched() (brief.Freshness, bool) {
	source, ok := b.source.(interface{ Freshness() brief.Freshness })
	if !ok {
		return brief.Freshness{}, false
	}
	return source.Freshness(), true
}

// tellFetch alarms the operators while the source cannot be asked for news and somebody
// should see to it, each time with the reason of that time. What it brought last is
// served meanwhile, and the bot is as ready as ever. Where nothing was brought yet it
// is loading that fails, and told as that. The reload loop alone calls it.
func (b *Bot) tellFetch(ctx context.Context, loading error) {
	f, _ := b.fetched()
	switch {
	case f.Err == nil:
		b.unfetched = ""
		b.mended(ctx, "fetch")
	case f.Lasting && !errors.Is(loading, f.Err):
		message := fmt.Sprintf("News of the briefs cannot be fetched; what was fetched last is served. %v", f.Err)
		if !b.raise(ctx, "fetch", message, 0) && message != b.unfetched {
			b.log.WarnContext(ctx, "news of the briefs still cannot be fetched", "error", f.Err)
		}
		b.unfetched = message
	}
}

// record writes down what changed, shows it in the preview, and has the operators
// told of files that broke.
func (b *Bot) record(ctx context.Context, next *brief.Snapshot) error {
	changes, err := b.ledger.Record(ctx, next)
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		b.changes.clear()
		b.announce(ctx, changes)
		b.takeSuggestions(ctx, changes, next)
		b.wake()
	}
	b.tellBroken(ctx, next)
	return nil
}

// announce shows in the preview the digest that an edit causes.
func (b *Bot) announce(ctx context.Context, changes []digest.Recorded) {
	told := slices.DeleteFunc(slices.Clone(changes), func(c digest.Recorded) bool {
		return isUntold(c.Change)
	})
	if len(told) == 0 {
		return
	}
	cards, err := b.compose(ctx, digest.Digest{
		Changes: told, From: told[0].At, To: told[len(told)-1].At, Zone: zoneOf(b.current().Timezone),
	})
	if err != nil {
		b.log.ErrorContext(ctx, "wording a digest for the preview", "error", err)
		return
	}
	b.preview(cards)
}

// tellBroken alarms the operators of every file that broke, once, and forgets those
// that are mended.
func (b *Bot) tellBroken(ctx context.Context, s *brief.Snapshot) {
	broken := make(map[string][]string)
	for _, p := range s.Problems() {
		if p.Severity == brief.Error {
			broken[p.Path] = append(broken[p.Path], p.String())
		}
	}
	mended, told := b.files.update(broken)
	for _, path := range mended {
		b.mended(ctx, brokenKey(path))
	}
	for _, path := range told {
		id := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		message := brokenMessage(path, broken[path], s.Broken(id))
		if !b.raise(ctx, brokenKey(path), message, 0) {
			// The operators know; whoever is editing sees what is wrong now.
			b.preview([]chat.Card{troubleCard(message)})
		}
	}
}

const brokenPrefix = "brief:"

func brokenKey(path string) string { return brokenPrefix + path }

// brokenMessage says where a file is broken, and what is served instead of it.
func brokenMessage(path string, problems []string, served bool) string {
	const shown = 5
	message := path + " has an error and is not served until it is mended:\n"
	if served {
		message = path + " has an error, so its last good version is served:\n"
	}
	message += strings.Join(problems[:min(shown, len(problems))], "\n")
	if more := len(problems) - shown; more > 0 {
		message += fmt.Sprintf("\nand %d more.", more)
	}
	return message
}

// troubles remembers which files are broken, and how.
type troubles struct {
	mu    sync.Mutex
	files map[string]string
}

// remember reads which files were broken when the last process ended.
func (t *troubles) remember(ctx context.Context, l *digest.Ledger) error {
	alarms, err := l.Alarms(ctx)
	if err != nil {
		return fmt.Errorf("reading the alarms: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files = make(map[string]string)
	for _, a := range alarms {
		if path, ok := strings.CutPrefix(a.Key, brokenPrefix); ok {
			t.files[path] = ""
		}
	}
	return nil
}

// update takes what is broken now, and returns the files that no longer are and
// those that are broken otherwise than before.
func (t *troubles) update(broken map[string][]string) (mended, told []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for path := range t.files {
		if broken[path] == nil {
			mended = append(mended, path)
			delete(t.files, path)
		}
	}
	for path, problems := range broken {
		if how := strings.Join(problems, "\n"); t.files[path] != how {
			told = append(told, path)
			t.files[path] = how
		}
	}
	slices.Sort(mended)
	slices.Sort(told)
	return mended, told
}
