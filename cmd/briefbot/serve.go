package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/briefbot/briefbot/bot"
	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
	"github.com/briefbot/briefbot/internal/discord"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/web"
)

type serveCmd struct{}

// Run carries out “briefbot serve”: it makes the parts, joins them and waits.
func (serveCmd) Run(ctx context.Context, s *settings, out *console, reread rereader, pace tempo) (err error) {
	if s.secret.webhook != "" && s.Listen == "off" {
		return errors.New("--briefs-webhook-secret-file: webhooks need the listener, which --listen off turns off")
	}
	running := false
	defer func() {
		if !running && ctx.Err() != nil {
			err = nil // a signal ended the start: that is what was asked for
		}
	}()
	// From here on a SIGHUP means to read the file, not to end.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	logger := s.logger(out.err)
	ledger, err := digest.Open(ctx, digest.Options{Store: s.Store, Logger: logger})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := ledger.Close(); err == nil {
			err = closeErr
		}
	}()

	platforms, err := s.platforms(logger, pace)
	if err != nil {
		return err
	}
	source, err := s.source(s.Store+"-briefs", logger)
	if err != nil {
		return err
	}
	options := bot.Options{
		Source:    source,
		Ledger:    ledger,
		Platforms: platforms,
		Config:    s.botConfig(),
		PublicURL: s.PublicURL,
		Logger:    logger,
		Version:   version(),
	}
	// The pages ask the bot and the bot posts to the pages: the one made first
	// reaches the other through b.
	var b *bot.Bot
	var pages *web.Web
	if s.Listen != "off" {
		pages, err = web.New(web.Options{
			Listen:     s.Listen,
			PublicURL:  s.PublicURL,
			WebToken:   s.secret.web,
			HookSecret: s.secret.webhook,
			Fetch:      func() { b.Look() },
			Open:       func() *brief.Reader { return b.Reader() },
			LastChange: func(ctx context.Context, story string) (time.Time, bool, error) { return b.LastChange(ctx, story) },
			Ledger:     ledgerView{ledger, platforms},
			Suggestions: inbox{ledger, func(ctx context.Context, id int64, state string) error {
				return b.SettleSuggestion(ctx, id, state, webOperator)
			}},
			Ready: func(ctx context.Context) error { return b.Ready(ctx) },
			Panes: []web.Pane{
				{Name: "Discord", Payloads: discord.Payloads, Form: discord.FormPayloads, Live: s.secret.discord != ""},
				{Name: "Telegram", Payloads: telegram.Payloads, Form: telegram.FormPayloads, Live: s.secret.telegram != ""},
			},
			Version: version(),
			Logger:  logger,
		})
		if err != nil {
			return err
		}
		if err := pages.Listen(ctx); err != nil {
			return err
		}
		defer func() { _ = pages.Close() }() // after Serve there is nothing to give back
		options.Platforms = append(options.Platforms, pages)
		options.Preview = pages.Announce
	}
	if b, err = bot.New(ctx, options); err != nil {
		return err
	}
	// Comparing the briefs with what was recorded takes twice what they take, and
	// nothing that follows does: give the rest back.
	debug.FreeOSMemory()
	// So does reading every order and looking at every room, which Run begins with.
	tidy := time.AfterFunc(startTakes, debug.FreeOSMemory)
	defer tidy.Stop()
	s.greet(out, b, pages, platforms)
	running = true
	watching, cancel := context.WithCancel(ctx)
	var besides sync.WaitGroup
	besides.Go(func() { s.reload(watching, hangup, reread, b, logger) })
	// It owns nothing. A service that cannot be reached must not keep the others waiting.
	besides.Go(func() { invite(out, platforms) })
	defer besides.Wait() // before the ledger is closed
	defer cancel()
	return b.Run(ctx)
}

// startTakes is after how long a start is over, for most.
const startTakes = 15 * time.Second

// platforms makes the chat services for which there is a token.
func (s *settings) platforms(logger *slog.Logger, pace tempo) ([]chat.Platform, error) {
	var platforms []chat.Platform
	if s.secret.discord != "" {
		d, err := discord.New(discord.Options{Token: s.secret.discord, API: s.DiscordAPI, Logger: logger, Tempo: int(pace)})
		if err != nil {
			return nil, err
		}
		platforms = append(platforms, d)
	}
	if s.secret.telegram != "" {
		t, err := telegram.New(telegram.Options{Token: s.secret.telegram, API: s.TelegramAPI, Logger: logger, Tempo: int(pace)})
		if err != nil {
			return nil, err
		}
		platforms = append(platforms, t)
	}
	return platforms, nil
}

// botConfig is the part of the settings that a reload may change.
func (s *settings) botConfig() bot.Config {
	return bot.Config{
		Policy:        s.file.policy,
		Operators:     s.file.operators,
		Alarms:        s.file.alarms,
		Subscriptions: s.file.subscriptions,
		EditedBy:      s.file.editedBy,
		Timezone:      s.Timezone,
		Settle:        max(s.Settle, 1), // zero would mean the bot's own choice
	}
}

// greet says on the terminal what is running, with what, where to click, and how
// to add a token.
func (s *settings) greet(out *console, b *bot.Bot, pages *web.Web, platforms []chat.Platform) {
	stories := len(b.Reader().Stories())
	line := fmt.Sprintf("briefbot %s: %s from %s", version(), count(stories, "open story", "open stories"), s.Briefs)
	if pages != nil {
		line += ", " + s.pagesLine(pages.Addr())
	}
	fmt.Fprintln(out.out, line)
	if pages == nil && len(platforms) == 0 {
		fmt.Fprintln(out.out, "  nobody can ask it anything: there is no page (--listen off) and no chat service")
	}
	running := make(map[string]bool)
	for _, p := range platforms {
		running[p.Name()] = true
	}
	for _, platform := range []string{"discord", "telegram"} {
		if !running[platform] {
			fmt.Fprintln(out.out, "  "+s.offLine(platform))
		}
	}
}

// offLine says how a chat service is turned on, and who waits for that: what is
// due to a conversation there is kept until the service runs.
func (s *settings) offLine(platform string) string {
	waiting := 0
	for _, sub := range s.file.subscriptions {
		if sub.Where.Platform == platform {
			waiting++
		}
	}
	line := platform + ": off"
	if waiting > 0 {
		line += ", though " + s.file.path + " has " + count(waiting, "subscription", "subscriptions") + " there"
	}
	return line + fmt.Sprintf("; set BRIEFBOT_%s_TOKEN, or --%s-token-file FILE", strings.ToUpper(platform), platform)
}

// invite says how the bot is invited to each chat service, which may have to be asked.
func invite(out *console, platforms []chat.Platform) {
	for _, p := range platforms {
		inviter, ok := p.(chat.Inviter)
		if !ok {
			continue
		}
		if link := inviter.Invitation(); link != "" {
			fmt.Fprintf(out.out, "  %s: on; invite the bot with %s\n", p.Name(), link)
		}
	}
}

// pagesLine says where to click. The preview is at the root where nobody but this
// machine can reach it, or for those who have the token.
func (s *settings) pagesLine(address string) string {
	host, port, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if ip != nil && ip.IsUnspecified() {
		address = net.JoinHostPort("localhost", port)
	}
	base := cmp.Or(strings.TrimSuffix(s.PublicURL, "/"), "http://"+address)
	if s.PublicURL == "" && ip != nil && ip.IsLoopback() {
		return "preview at " + base + "/"
	}
	if s.secret.web != "" {
		return "stories at " + base + "/, and the preview for whoever has the web token"
	}
	return "stories at " + base + "/ (for the preview set BRIEFBOT_WEB_TOKEN)"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// fileInterval is how often the configuration file is looked at. A look is one
// stat call.
const fileInterval = 2 * time.Second

// reload reads the settings again on SIGHUP and when the file changes, and hands
// the bot what can be changed while it runs. A bad file keeps the old settings.
// It owns nothing but the stamp of the file that it saw last.
func (s *settings) reload(ctx context.Context, hangup <-chan os.Signal, reread rereader, b *bot.Bot, logger *slog.Logger) {
	tick := time.NewTicker(fileInterval)
	defer tick.Stop()
	path := cmp.Or(s.Config, defaultFile)
	seen := stamp(path)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-tick.C:
			if stamp(path) == seen {
				continue
			}
		}
		seen = stamp(path)
		next, err := reread()
		if err == nil {
			err = b.Reload(ctx, next.botConfig())
		}
		if err != nil {
			logger.Error("the configuration was not read again; the old one stays", "error", err)
			continue
		}
		logger.Info("read the configuration again", "file", path)
		if changed := s.fixedChanges(next); changed != nil {
			logger.Warn("some settings count from the next start on", "settings", strings.Join(changed, ", "))
		}
	}
}

// fixedChanges names the settings in which next differs and that a running briefbot
// keeps.
func (s *settings) fixedChanges(next *settings) []string {
	var changed []string
	for _, setting := range []struct{ name, before, after string }{
		{"briefs", string(s.Briefs), string(next.Briefs)},
		{"briefs_interval", s.BriefsInterval, next.BriefsInterval},
		{"briefs_token_file", s.secret.briefs, next.secret.briefs},
		{"briefs_key_file", s.BriefsKey, next.BriefsKey},
		{"briefs_known_hosts", s.BriefsKnownHosts, next.BriefsKnownHosts},
		{"store", s.Store, next.Store},
		{"listen", s.Listen, next.Listen},
		{"public_url", s.PublicURL, next.PublicURL},
		{"web_token_file", s.secret.web, next.secret.web},
		{"briefs_webhook_secret_file", s.secret.webhook, next.secret.webhook},
		{"discord.token_file", s.secret.discord, next.secret.discord},
		{"discord.api", s.DiscordAPI, next.DiscordAPI},
		{"telegram.token_file", s.secret.telegram, next.secret.telegram},
		{"telegram.api", s.TelegramAPI, next.TelegramAPI},
		{"settle", s.Settle.String(), next.Settle.String()},
		{"log.format", s.LogFormat, next.LogFormat},
		{"log.level", s.LogLevel, next.LogLevel},
	} {
		if setting.before != setting.after {
			changed = append(changed, setting.name)
		}
	}
	return changed
}

// stamp tells two states of the file at path apart.
func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

// printJSON writes v as indented JSON.
func printJSON(out *console, v any) error {
	encoder := json.NewEncoder(out.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
