package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	// Zones are named in subscriptions; a bare container has no zone files.
	_ "time/tzdata"
)

// Exit codes. A command that has an answer of its own to give (check, ask, diff)
// exits with exitFailure for “no”; exitUsage is a call that makes no sense.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	unsetEmpty()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vendorsTempo))
}

// cli is the command line: kong reads the commands, their flags and the words of
// the help from it.
type cli struct {
	settings

	Serve      serveCmd      `cmd:"" default:"withargs" help:"Run the bot and the web pages until interrupted (the default)."`
	Check      checkCmd      `cmd:"" help:"Validate briefs and the configuration file."`
	Ask        askCmd        `cmd:"" help:"Answer one chat command, as plain text."`
	Diff       diffCmd       `cmd:"" help:"Print what changed between two states of the briefs."`
	New        newCmd        `cmd:"" help:"Write a brief to start from."`
	Import     importCmd     `cmd:"" help:"Make a draft of a story page in plain text or Markdown."`
	Fmt        fmtCmd        `cmd:"" help:"Give items without an id one, and order timelines."`
	Schema     schemaCmd     `cmd:"" help:"Print the JSON Schema of a dossier."`
	Version    versionCmd    `cmd:"" help:"Print version, commit and Go version."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
	Health     healthCmd     `cmd:"" help:"Ask a running briefbot on this machine whether it is ready."`
	Complete   completeCmd   `cmd:"" hidden:"" name:"complete-words" help:"Offer words to a shell."`
}

const description = `A chat bot that delivers story briefings on Discord, on Telegram and in a browser.

Without any setting it serves the briefs in ./briefs to a browser on this machine.
A flag wins over the environment, the environment over the file. A secret is never a
flag: name a file with --…-file, or set BRIEFBOT_…_TOKEN.`

// verdict is an error that is an answer: it was printed already, and only the
// exit code is left to give.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit %d", int(v)) }

// A console is where a command writes: its answer, and what it says beside it.
type console struct {
	out, err io.Writer
}

// A tempo is how many times the services' own limits over all conversations the bot
// may go. The program has one, and only tests, against stand-ins that have no limits,
// another.
type tempo int

const vendorsTempo tempo = 1

// run carries out one command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer, pace tempo) int {
	c, parsed, err := parse(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "briefbot: %v\n", err)
		if usage := new(kong.ParseError); errors.As(err, &usage) && usage.ExitCode() != exitFailure {
			fmt.Fprintln(stderr, "See briefbot --help.")
			return exitUsage
		}
		return exitFailure
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(&c.settings, &console{out: stdout, err: stderr}, parsed.Kong, pace, rereader(func() (*settings, error) {
		next, _, err := parse(args, stdout, stderr)
		if err != nil {
			return nil, err
		}
		return &next.settings, nil
	}))
	if err := parsed.Run(); err != nil {
		if code := verdict(0); errors.As(err, &code) {
			return int(code)
		}
		fmt.Fprintf(stderr, "briefbot: %v\n", err)
		return exitFailure
	}
	return exitOK
}

// A rereader reads the settings anew, from the same command line, the environment
// and the files as they are now.
type rereader func() (*settings, error)

// parse reads a command line and the settings.
func parse(args []string, stdout, stderr io.Writer) (*cli, *kong.Context, error) {
	c := new(cli)
	parser, err := kong.New(c,
		kong.Name("briefbot"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Vars{"terminal": strconv.FormatBool(columns(stdout) > 0)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{{Key: "settings", Title: "Settings (flag, environment):"}}),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the command line: %w", err)
	}
	parsed, err := parser.Parse(args)
	return c, parsed, err
}

// unsetEmpty makes an empty variable mean that there is none, as people who write
// “NAME=” into an environment file mean it.
func unsetEmpty() {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); value == "" && strings.HasPrefix(name, "BRIEFBOT_") {
			_ = os.Unsetenv(name) // it fails for names that cannot have come from here
		}
	}
}
