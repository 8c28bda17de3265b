package digest

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// firstVersion makes a store as the first version of the schema had it, of all that a
// store of this version holds and that one knew.
func firstVersion(t *testing.T, from, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	first, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ATTACH $1 AS later", from); err != nil {
		t.Fatal(err)
	}
	tables, err := collect(t.Context(), db, scanOne[string], "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'schema_versions' AND name NOT LIKE 'sqlite_%'")
	if err != nil || len(tables) < 10 {
		t.Fatalf("the first version has the tables %v, %v", tables, err)
	}
	for _, table := range tables {
		columns, err := collect(t.Context(), db, scanOne[string], "SELECT name FROM pragma_table_info($1, 'main')", table)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Join(columns, ", ")
		where := ""
		if table == "settings" {
			where = " WHERE name <> 'amended_seq'"
		}
		if _, err := db.Exec("INSERT INTO main." + table + " (" + list + ") SELECT " + list + " FROM later." + table + where); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFormerVersion opens a store of the version before messages were amended. What it
// owed is sent; what was told before is left as it is until it changes, and what then
// changes is carried through.
func TestFormerVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l := openFile(t, filepath.Join(dir, "now.db"))
		f := newBoard("telegram")
		o := amending(l, f)
		o.Revise = nil // nor did that version
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		tell := func(wait time.Duration, events ...brief.Event) {
			t.Helper()
			record(t, l, dossier(t, "a", events...))
			time.Sleep(wait)
			synctest.Wait()
		}
		stop := run(t, o)
		tell(time.Minute, event("e0"), event("e1"))
		tell(time.Minute, retracted(t, "e0"), event("e1"))
		stop()
		if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Card{Title: "owed"}, "k"); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		firstVersion(t, filepath.Join(dir, "now.db"), filepath.Join(dir, "former.db"))

		l = openFile(t, filepath.Join(dir, "former.db"))
		stop = run(t, amending(l, f))
		defer stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, f.shows(), lines("1 e0; e1", "1 re m0: e0 retracted", "1 owed"))
		tell(time.Minute, retracted(t, "e0"), titledEvent("e1", "Another"))
		same(t, f.shows(), lines("1 e0 (retracted); e1 (revised)", "1 re m0: e0 retracted", "1 owed", "1 re m0: e1 revised"))
		if s, err := l.Status(t.Context(), chat.Conversation{}); err != nil || s.Subscriptions != 1 || s.Waiting != 0 {
			t.Errorf("status %+v, %v", s, err)
		}
	})
}
