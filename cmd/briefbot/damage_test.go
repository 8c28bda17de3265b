package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestStoreTurnsBad damages the store of a running briefbot. It ends with a message
// that says which file and what to do, and the next start refuses the file and leaves
// it as it is.
func TestStoreTurnsBad(t *testing.T) {
	w := &world{t: t, dir: t.TempDir()}
	w.write("briefs/grain.yaml", story(1, "Event"))
	start := func() { w.process = startProcess(t, w.dir, nil, "--listen=127.0.0.1:0") }
	started := func() bool { return strings.Contains(w.process.log(), "1 open story") }
	start()
	w.wait("briefbot to start", started)
	w.process.stop() // what it wrote is in the file now, and not in the log beside it
	start()
	w.wait("briefbot to start again", started)
	store := w.path("briefbot.db")
	garbled(t, store)
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.ends("damaged", "keep the file for inspection and put a backup in its place", "briefbot.db")

	// What had been committed may have been merged into the file; it is damaged again.
	bad := garbled(t, store)
	start()
	w.ends("damaged", "keep the file for inspection and put a backup in its place", "briefbot.db")
	after, err := os.ReadFile(store)
	if err != nil || !bytes.Equal(after, bad) {
		t.Errorf("the damaged store was changed (%v)", err)
	}
}

// garbled spoils every page of a file but the first and returns what it then holds.
func garbled(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	spoiled := bytes.Repeat([]byte{0x5a}, max(len(data)-4096, 0))
	if _, err := f.WriteAt(spoiled, 4096); err != nil {
		t.Fatal(err)
	}
	return append(data[:min(4096, len(data)):min(4096, len(data))], spoiled...)
}

// ends waits for the process to end by itself and checks what it said.
func (w *world) ends(want ...string) {
	w.t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case <-w.process.done:
	case <-limit.C:
		w.t.Fatalf("it goes on:\n%s", w.process.log())
	}
	if code := w.process.cmd.ProcessState.ExitCode(); code != exitFailure {
		w.t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	for _, words := range want {
		if !strings.Contains(w.process.log(), words) {
			w.t.Errorf("it does not say %q:\n%s", words, w.process.log())
		}
	}
}
