package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A running briefbot reads its file again when asked and when the file changes.
// What is wrong with it, or cannot change yet, is in the log.
func TestReload(t *testing.T) {
	w := &world{t: t, dir: t.TempDir()}
	w.write("briefs/fine.yaml", story(1, "Event"))
	w.write("briefbot.yaml", "settle: 20s\n")
	w.process = startProcess(t, w.dir, nil, "--listen=127.0.0.1:0", "--store=:memory:")
	said := func(text string) func() bool {
		return func() bool { return strings.Contains(w.process.log(), text) }
	}
	w.wait("the first line", said("1 open story"))

	w.write("briefbot.yaml", "settle: soon\n")
	if err := w.process.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.wait("the bad file to be refused", said(`briefbot.yaml:1:9: settle: \"soon\" is not a length of time`))

	w.write("briefbot.yaml", "settle: 10s\nlisten: 127.0.0.1:9\nstore: other.db\nlog: {level: debug}\n")
	w.wait("the good file to be read", said("read the configuration again"))
	w.wait("what must wait to be named", said(`settings="settle, log.level"`))
	w.process.stop()
}

// A signal that comes while briefbot starts ends it as well as any other.
func TestInterruptedStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &settings{Store: filepath.Join(t.TempDir(), "briefbot.db"), Briefs: "../../briefs", Listen: "off", Timezone: "UTC", file: new(file)}
	if err := (serveCmd{}).Run(ctx, s, &console{out: io.Discard, err: io.Discard}, nil, vendorsTempo); err != nil {
		t.Error(err)
	}
}
