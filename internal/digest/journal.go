package digest

import (
	"context"
	"errors"
	"fmt"
)

// journalBatch is how many entries one transaction takes at most.
const journalBatch = 256

// A journal writes what many workers have to write in few transactions: while one
// is being committed, the entries for the next gather.
type journal struct {
	ledger  *Ledger
	entries chan entry
	ended   chan struct{} // closed when run has returned
}

type entry struct {
	step  string
	write func(tx *transaction) error
	done  chan error
}

func newJournal(l *Ledger) *journal {
	return &journal{ledger: l, entries: make(chan entry, journalBatch), ended: make(chan struct{})}
}

var errEnded = errors.New("the dispatcher has stopped")

// do returns once write's effects are durable, or with an error and none of them.
// Write may run twice and then starts from nothing.
func (j *journal) do(ctx context.Context, step string, write func(tx *transaction) error) error {
	e := entry{step: step, write: write, done: make(chan error, 1)}
	select {
	case j.entries <- e:
	case <-j.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-e.done:
		return err
	case <-j.ended:
	}
	select {
	case err := <-e.done: // the last of what was written
		return err
	default: // nobody reads any more; a send that outlived the stop must not wait for ever
		return fmt.Errorf("%s: %w", step, errEnded)
	}
}

// run writes entries until ctx is done, and then those that are there.
func (j *journal) run(ctx context.Context) {
	defer close(j.ended)
	for {
		select {
		case e := <-j.entries:
			j.commit(context.WithoutCancel(ctx), j.gather(e))
		case <-ctx.Done():
			for {
				select {
				case e := <-j.entries:
					j.commit(context.WithoutCancel(ctx), j.gather(e))
				default:
					return
				}
			}
		}
	}
}

func (j *journal) gather(first entry) []entry {
	batch := []entry{first}
	for len(batch) < journalBatch {
		select {
		case e := <-j.entries:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch. If that fails, each entry is written alone, so that one
// that cannot be written takes no other with it.
func (j *journal) commit(ctx context.Context, batch []entry) {
	err := j.ledger.update(ctx, batch[0].step, func(tx *transaction) error {
		for _, e := range batch {
			if err := e.write(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, e := range batch {
		if err != nil && len(batch) > 1 {
			e.done <- j.ledger.update(ctx, e.step, e.write)
			continue
		}
		e.done <- err
	}
}
