package digest

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

const (
	sqlContent    = `SELECT body FROM contents WHERE hash = $1`
	sqlPresent    = `SELECT c.body FROM dossiers d JOIN contents c ON c.hash = d.hash WHERE d.present ORDER BY d.story`
	sqlLastChange = `SELECT changed_at FROM dossiers WHERE story = $1`
)

// content returns the dossier that a hash names.
func content(ctx context.Context, q queryer, hash string) (*brief.Dossier, error) {
	var body []byte
	if err := q.QueryRowContext(ctx, sqlContent, hash).Scan(&body); err != nil {
		return nil, err
	}
	return unpack(body)
}

// Baseline returns the dossiers in the versions last recorded, for a source's
// first load; an empty snapshot if there are none.
func (l *Ledger) Baseline(ctx context.Context) (*brief.Snapshot, error) {
	dossiers, err := collect(ctx, l.read, func(scan func(...any) error) (*brief.Dossier, error) {
		var body []byte
		if err := scan(&body); err != nil {
			return nil, err
		}
		return unpack(body)
	}, sqlPresent)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", l.explain(err))
	}
	var revision string
	err = l.read.QueryRowContext(ctx, sqlSetting, "revision").Scan(&revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading the baseline: %w", l.explain(err))
	}
	return brief.NewSnapshot(revision, l.now(), dossiers, nil), nil
}

// LastChange returns when the last change of a story after its first record was
// recorded, and whether there was one.
func (l *Ledger) LastChange(ctx context.Context, story string) (time.Time, bool, error) {
	var at int64
	err := l.read.QueryRowContext(ctx, sqlLastChange, story).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, fmt.Errorf("reading the last change of %s: %w", story, l.explain(err))
	}
	return moment(at), at > 0, nil
}

// A packer compresses. Its zero value is ready; it is for one user at a time.
type packer struct {
	buf bytes.Buffer
	w   *flate.Writer
}

func (p *packer) pack(data []byte) (_ []byte, err error) {
	p.buf.Reset()
	if p.w == nil {
		if p.w, err = flate.NewWriter(&p.buf, flate.BestSpeed); err != nil {
			return nil, err
		}
	}
	p.w.Reset(&p.buf)
	if _, err := p.w.Write(data); err != nil {
		return nil, err
	}
	if err := p.w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(p.buf.Bytes()), nil
}

// unpack reads a dossier that was packed.
func unpack(body []byte) (*brief.Dossier, error) {
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	d := new(brief.Dossier)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	return d, nil
}
