package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/mirror"
)

// A briefsSetting is what --briefs says: a folder, or the address of a git repository.
// The password in an address is shown nowhere.
type briefsSetting string

func (b briefsSetting) isAddress() bool { return mirror.IsAddress(string(b)) }

// String returns the setting for people.
func (b briefsSetting) String() string {
	if !b.isAddress() {
		return string(b)
	}
	address, err := mirror.ParseAddress(string(b))
	if err != nil {
		return "(an address that cannot be read)"
	}
	return address.String()
}

// The contract lets the environment alone have a secret in an address: a command line is
// seen by everybody on the machine, and a file is copied and committed.
var (
	errFlagSecret = errors.New("there is a password or a token in the address, and others on this machine see what a command is called with: put it into a file and name that with --briefs-token-file, or set BRIEFBOT_BRIEFS_TOKEN")
	errFileSecret = errors.New("there is a password or a token in the address, and a secret is never a value in this file: keep it in a file of its own and name that with briefs_token_file, or set BRIEFBOT_BRIEFS_TOKEN")
)

// hasSecret says whether the setting is an address that lets its reader in.
func (b briefsSetting) hasSecret() bool {
	address, err := mirror.ParseAddress(string(b))
	return b.isAddress() && err == nil && address.HasSecret()
}

// folder returns the folder of the briefs, for what reads or writes their files.
func (b briefsSetting) folder() (string, error) {
	if b.isAddress() {
		return "", errors.New("the briefs are in a git repository elsewhere: name a folder of your clone")
	}
	return string(b), nil
}

// source returns where the briefs come from. A copy of a repository elsewhere is kept
// in the folder kept.
func (s *settings) source(kept string, logger *slog.Logger) (brief.Source, error) {
	if !s.Briefs.isAddress() {
		return brief.NewDir(string(s.Briefs), brief.DirOptions{Logger: logger}), nil
	}
	return s.git(kept, logger)
}

func (s *settings) git(kept string, logger *slog.Logger) (*brief.Git, error) {
	interval, err := time.ParseDuration(s.BriefsInterval)
	if err != nil {
		return nil, fmt.Errorf("--briefs-interval: %w", err)
	}
	if warning := s.inClear(); warning != "" {
		logger.Warn(warning)
	}
	return brief.NewGit(string(s.Briefs), brief.GitOptions{
		Dir: kept, Interval: interval, Token: s.secret.briefs, KeyFile: s.BriefsKey, KnownHosts: s.BriefsKnownHosts, Logger: logger,
	})
}

// inClear warns of a secret that others may read on its way to the host; empty: there is
// none. The secret itself need not have been read.
func (s *settings) inClear() string {
	address, err := mirror.ParseAddress(string(s.Briefs))
	secret := s.BriefsToken != "" || isSet("BRIEFBOT_BRIEFS_TOKEN") || address.HasSecret()
	if !s.Briefs.isAddress() || err != nil || !address.InClear() || !secret {
		return ""
	}
	return fmt.Sprintf("--briefs: the token or password for %s travels unencrypted, and whoever is on the way can read it: write https:// in the address, and make a new token", address)
}

// once returns the briefs for a command that ends: a copy of a repository is thrown
// away, and that of a running briefbot is left alone.
func (s *settings) once(logger *slog.Logger) (source brief.Source, done func(), err error) {
	if !s.Briefs.isAddress() {
		source, err = s.source("", logger)
		return source, func() {}, err
	}
	return s.gitOnce(logger)
}

func (s *settings) gitOnce(logger *slog.Logger) (source *brief.Git, done func(), err error) {
	kept, err := os.MkdirTemp("", "briefbot-briefs-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder for a copy of the briefs: %w", err)
	}
	done = func() { _ = os.RemoveAll(kept) } // what is left is in the folder for such things
	if source, err = s.git(kept, logger); err != nil {
		done()
		return nil, nil, err
	}
	return source, done, nil
}

// at returns the briefs as they are at revisions of the repository elsewhere that
// --briefs names, until done is called; "" is the newest commit of its branch.
func (s *settings) at(ctx context.Context, revisions ...string) (pasts []*brief.Past, done func(), err error) {
	source, done, err := s.gitOnce(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	if pasts, err = source.At(ctx, revisions...); err != nil {
		done()
		return nil, nil, err
	}
	return pasts, done, nil
}

// judgeSource reports settings that say how a repository is reached where there is none.
func (s *settings) judgeSource() error {
	if !s.Briefs.isAddress() {
		for _, setting := range []struct{ flag, value string }{
			{"briefs-token-file", s.BriefsToken}, {"briefs-key-file", s.BriefsKey}, {"briefs-known-hosts", s.BriefsKnownHosts},
		} {
			if setting.value != "" {
				return fmt.Errorf("--%s: this is for a git repository elsewhere, and --briefs names a folder, %s", setting.flag, s.Briefs)
			}
		}
		if s.secret.briefs != "" {
			return fmt.Errorf("BRIEFBOT_BRIEFS_TOKEN: this is for a git repository elsewhere, and --briefs names a folder, %s", s.Briefs)
		}
		return nil
	}
	address, err := mirror.ParseAddress(string(s.Briefs))
	if err != nil {
		return fmt.Errorf("--briefs: %w", err)
	}
	switch {
	case s.given["briefs"] && address.HasSecret():
		return fmt.Errorf("--briefs: %w", errFlagSecret)
	case s.BriefsKey != "" && address.Scheme() != "ssh":
		return fmt.Errorf("--briefs-key-file: a key is for an ssh address, and --briefs is %s: use a token", address)
	case s.secret.briefs != "" && address.Scheme() != "https" && address.Scheme() != "http":
		return fmt.Errorf("--briefs-token-file: a token is for an https address, and --briefs is %s: use a key", address)
	}
	return nil
}
