package digest

import (
	"context"
	"database/sql"
	"sync"
)

// A pool prepares each statement once: parsing takes SQLite longer than most of
// them take to run. Statements are constants of this package, so their number is
// bounded.
type pool struct {
	*sql.DB
	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newPool(db *sql.DB) *pool { return &pool{DB: db, statements: make(map[string]*sql.Stmt)} }

// prepared returns the statement of a query, or nil where it could not be
// prepared: running it then gives the error.
func (p *pool) prepared(ctx context.Context, query string) *sql.Stmt {
	p.mu.RLock()
	s := p.statements[query]
	p.mu.RUnlock()
	if s != nil {
		return s
	}
	s, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	return p.keep(query, s)
}

// keep keeps a statement unless another was kept meanwhile, and returns the kept.
func (p *pool) keep(query string, s *sql.Stmt) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.statements[query]; other != nil {
		s.Close()
		return other
	}
	p.statements[query] = s
	return s
}

func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// A transaction is one on a pool, with the pool's prepared statements. They are
// the transaction's own the first time, as it may hold the only connection.
type transaction struct {
	*sql.Tx
	pool  *pool
	local map[string]*sql.Stmt
}

func (t *transaction) prepared(ctx context.Context, query string) *sql.Stmt {
	if s := t.local[query]; s != nil {
		return s
	}
	t.pool.mu.RLock()
	s := t.pool.statements[query]
	t.pool.mu.RUnlock()
	if s != nil {
		s = t.Tx.StmtContext(ctx, s)
	} else {
		var err error
		if s, err = t.Tx.PrepareContext(ctx, query); err != nil {
			return nil
		}
	}
	if t.local == nil {
		t.local = make(map[string]*sql.Stmt)
	}
	t.local[query] = s
	return s
}

// keep has the pool prepare what the transaction used, now that it is over.
func (t *transaction) keep(ctx context.Context) {
	for query := range t.local {
		t.pool.prepared(ctx, query)
	}
}

func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := t.prepared(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := t.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

func (t *transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := t.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}
