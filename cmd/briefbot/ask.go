package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/briefbot/briefbot/bot"
	"github.com/briefbot/briefbot/internal/digest"
)

type askCmd struct {
	Call []string `arg:"" help:"A chat command, for example \"/timeline us-nss-2025\"."`
}

// Run carries out “briefbot ask”.
func (c askCmd) Run(ctx context.Context, s *settings, out *console) error {
	b, done, err := s.localBot(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	reply, err := b.Ask(ctx, callLine(c.Call))
	fmt.Fprintln(out.out, wrap(strings.TrimRight(reply.Card.Plain(), "\n"), columns(out.out)))
	if err != nil {
		return verdict(exitFailure)
	}
	return nil
}

// callLine makes one line of the words that a shell has taken apart. A word that
// holds spaces was quoted there, and is one word of the call too.
func callLine(words []string) string {
	line := []string{words[0]} // may be the whole call
	for _, word := range words[1:] {
		if strings.ContainsFunc(word, unicode.IsSpace) && !strings.ContainsAny(word, "\"“”„«»") {
			word = strings.ReplaceAll(word, `\`, `\\`)
			option, value, named := strings.Cut(word, "=")
			if named && !strings.ContainsFunc(option, unicode.IsSpace) {
				word = option + `="` + value + `"`
			} else {
				word = `"` + word + `"`
			}
		}
		line = append(line, word)
	}
	return strings.Join(line, " ")
}

// localBot makes a bot that answers a local operator from the briefs as they are
// now. It keeps nothing: its ledger is in memory.
func (s *settings) localBot(ctx context.Context, out *console) (b *bot.Bot, done func(), err error) {
	logger := s.loggerAt(out.err, slog.LevelError)
	ledger, err := digest.Open(ctx, digest.Options{Store: digest.Memory, Logger: logger})
	if err != nil {
		return nil, nil, err
	}
	source, discard, err := s.once(logger)
	if err != nil {
		_ = ledger.Close()
		return nil, nil, err
	}
	done = func() {
		_ = ledger.Close() // it is in memory: nothing can be lost
		discard()
	}
	b, err = bot.New(ctx, bot.Options{
		Source:    source,
		Ledger:    ledger,
		Config:    s.botConfig(),
		PublicURL: s.PublicURL,
		Logger:    logger,
		Version:   version(),
	})
	if err != nil {
		done()
		return nil, nil, err
	}
	return b, done, nil
}
