package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// logger returns the log that the settings ask for, writing to w.
func (s *settings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo // kong lets nothing else through
	}
	return s.loggerAt(w, level)
}

// loggerAt is logger at a level of its own. No secret of the settings passes
// through it: the parts keep them out of their errors, and this is the net.
func (s *settings) loggerAt(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: s.redact()}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// redact returns a function that hides the settings' secrets in an attribute.
func (s *settings) redact() func([]string, slog.Attr) slog.Attr {
	var pairs []string
	for _, secret := range []string{s.secret.discord, s.secret.telegram, s.secret.web} {
		if secret != "" {
			pairs = append(pairs, secret, "[secret]")
		}
	}
	hide := strings.NewReplacer(pairs...)
	return func(_ []string, a slog.Attr) slog.Attr {
		switch a.Value.Kind() {
		case slog.KindString:
			a.Value = slog.StringValue(hide.Replace(a.Value.String()))
		case slog.KindAny:
			a.Value = slog.StringValue(hide.Replace(fmt.Sprint(a.Value.Any())))
		}
		return a
	}
}
