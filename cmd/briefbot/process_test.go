package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// A world is a folder of briefs, a ledger and both vendors, and briefbot as a
// process among them.
type world struct {
	t        testing.TB
	dir      string
	telegram *telegramtest.Server
	discord  *discordtest.Server
	process  *process
	program  string // the name under which the process is started; empty: briefbot
}

// newWorld makes a world with rate limits as the vendors have them.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.telegram = telegramtest.NewServer(t, telegramtest.Options{Limits: true})
	var err error
	w.discord, err = discordtest.NewServer(discordtest.Options{Limits: true, Specs: os.Getenv("BRIEFBOT_TEST_SPECS")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.discord.Close)
	return w
}

// in returns the world for a subtest, which fails alone.
func (w *world) in(t testing.TB) *world {
	sub := *w
	sub.t = t
	return &sub
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// write puts a file into the world.
func (w *world) write(name, content string) {
	w.t.Helper()
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// start starts briefbot and waits until both services are connected.
func (w *world) start(args ...string) {
	w.t.Helper()
	greetings, identifies := len(w.telegram.Calls("getMe")), len(w.discord.Identifies())
	w.process = startProgram(w.t, cmp.Or(w.program, "briefbot"), w.dir, []string{
		"BRIEFBOT_TELEGRAM_TOKEN=" + w.telegram.Token(), "BRIEFBOT_TELEGRAM_API=" + w.telegram.URL(),
		"BRIEFBOT_DISCORD_TOKEN=" + w.discord.Token(), "BRIEFBOT_DISCORD_API=" + w.discord.API(),
		"BRIEFBOT_LOG_LEVEL=warn",
	}, args...)
	w.wait("briefbot to connect", func() bool {
		return len(w.telegram.Calls("getMe")) > greetings && len(w.discord.Identifies()) > identifies &&
			len(w.discord.Commands()) > 0
	})
}

// wait returns when ok holds, and fails the test if that takes too long.
func (w *world) wait(what string, ok func() bool) {
	w.t.Helper()
	limit := time.NewTimer(3 * time.Minute)
	defer limit.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-w.process.done:
			w.t.Fatalf("waiting for %s: briefbot ended\n%s", what, w.process.log())
		case <-limit.C:
			w.t.Fatalf("waiting for %s took too long\n%s", what, w.process.log())
		}
	}
}

// A process is one run of briefbot.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended
	output chattest.Log
}

func startProcess(t testing.TB, dir string, env []string, args ...string) *process {
	t.Helper()
	return startProgram(t, "briefbot", dir, env, args...)
}

func startProgram(t testing.TB, program, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan struct{})}
	p.cmd = exec.CommandContext(context.Background(), program, args...)
	p.cmd.Dir = dir
	p.cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit code is read from ProcessState
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process without warning, as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// stop asks the process to end, and fails the test unless it exits with 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("exit code %d\n%s", code, p.log())
	}
}

// log returns what the process has printed.
func (p *process) log() string { return p.output.String() }

// story returns a brief with so many events, each with the given title and its
// number.
func story(events int, title string) string {
	var b strings.Builder
	b.WriteString("title: Grain corridor reopens\noverview: Text.\ntimeline:\n")
	for n := range events {
		fmt.Fprintf(&b, "  - {id: event-%d, date: %d, title: %s %d}\n", n, 2000+n, title, n)
	}
	return b.String()
}

// telegramChat returns the n-th chat of a broadcast: private, as most are.
func telegramChat(n int) telegramtest.Chat { return telegramtest.Chat{ID: int64(5_000_000 + n)} }

// contextWithin returns a context that ends with the test, or after d.
func contextWithin(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// openStore opens a store to look into, also while briefbot has it open.
func (w *world) openStore(path string) *sql.DB {
	name := (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "_pragma=busy_timeout(5000)"}).String()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// settled reports whether briefbot owes nothing to anybody.
func (w *world) settled() bool {
	db := w.openStore(w.path("briefbot.db"))
	defer db.Close()
	var owed int
	if err := db.QueryRow("SELECT COUNT(*) FROM deliveries WHERE settled_at = 0").Scan(&owed); err != nil {
		w.t.Fatal(err)
	}
	return owed == 0
}

// alarmed reports whether the operators were told of a message that is not confirmed.
func (w *world) alarmed() bool {
	return slices.ContainsFunc(w.telegram.Messages(operators), func(m telegramtest.Message) bool {
		return strings.Contains(m.Text, "was posted is not known")
	})
}
