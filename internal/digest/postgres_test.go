//go:build unix

package digest

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// TestPostgreSQL checks that PostgreSQL takes the migrations and every statement
// of the package as they are: there is one text for both engines.
func TestPostgreSQL(t *testing.T) {
	url := startPostgres(t)
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	ours, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Up(ctx); err != nil {
		t.Fatal("migrating:", err)
	}
	theirs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal("migrating the queue:", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	queries := statements(t)
	if len(queries) < 60 {
		t.Errorf("only %d statements were found", len(queries))
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		if _, err := conn.Prepare(ctx, name, queries[name]); err != nil {
			t.Errorf("%s: %v\n%s", name, err, queries[name])
		}
	}
}

// TestStatements checks that parameters first appear in their order: SQLite
// numbers $1, $2 by where they first stand.
func TestStatements(t *testing.T) {
	for name, query := range statements(t) {
		seen := 0
		for _, word := range strings.FieldsFunc(query, func(r rune) bool { return r != '$' && (r < '0' || r > '9') }) {
			for _, part := range strings.Split(word, "$")[1:] {
				n, err := strconv.Atoi(part)
				if err != nil {
					t.Fatalf("%s: parameter %q", name, part)
				}
				if n > seen+1 {
					t.Errorf("%s: $%d stands before $%d", name, n, seen+1)
				}
				seen = max(seen, n)
			}
		}
	}
}

// statements returns the package's SQL constants by name.
func statements(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]ast.Expr)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == 1 && strings.HasPrefix(s.Names[0].Name, "sql") {
				texts[s.Names[0].Name] = s.Values[0]
			}
			return true
		})
	}
	queries := make(map[string]string)
	for name, expr := range texts {
		query := text(t, texts, expr)
		verb, _, _ := strings.Cut(query, " ")
		if slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
			queries[name] = query
		}
	}
	return queries
}

// text evaluates a constant string.
func text(t *testing.T, texts map[string]ast.Expr, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	case *ast.BinaryExpr:
		return text(t, texts, e.X) + text(t, texts, e.Y)
	case *ast.Ident:
		return text(t, texts, texts[e.Name])
	}
	t.Fatalf("%T in a statement", e)
	return ""
}

// startPostgres starts a server for the test and returns its address.
func startPostgres(t *testing.T) string {
	t.Helper()
	initdb, server := postgresTools(t)
	dir, err := os.MkdirTemp("", "briefbot-pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	attr := unprivileged(t, dir)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr, cmd.Env = dir, attr, []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run(initdb, "-D", data, "-A", "trust", "-U", "briefbot", "-N", "-E", "UTF8").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	cmd := run(server, "-D", data, "-k", dir, "-h", "", "-F")
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	url := fmt.Sprintf("host=%s user=briefbot dbname=postgres", dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			conn.Close(ctx)
			return url
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			t.Fatalf("the server does not answer: %s", log.String())
		}
	}
}

// postgresTools returns where initdb and postgres are.
func postgresTools(t *testing.T) (initdb, server string) {
	t.Helper()
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), dirs...) {
		initdb, server = filepath.Join(dir, "initdb"), filepath.Join(dir, "postgres")
		_, err1 := os.Stat(initdb)
		_, err2 := os.Stat(server)
		if err1 == nil && err2 == nil && runtime.GOOS == "linux" {
			return initdb, server
		}
	}
	const need = "PostgreSQL's initdb and postgres are not here: install postgresql"
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(need)
	}
	t.Skip(need)
	return "", ""
}

// unprivileged gives dir to a user as whom the server may run: it refuses to run
// as root.
func unprivileged(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}
