package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/briefbot/briefbot/internal/spelling"
)

// settings are what the operator may choose. The names of flags, variables and
// keys are a contract; the file's key is the flag's name with underscores.
type settings struct {
	Config    string        `group:"settings" placeholder:"FILE" env:"BRIEFBOT_CONFIG" help:"Configuration file; ./briefbot.yaml where it exists."`
	Briefs    string        `group:"settings" placeholder:"DIR" default:"./briefs" env:"BRIEFBOT_BRIEFS" help:"Folder of the briefs (${default})."`
	Store     string        `group:"settings" placeholder:"FILE" default:"./briefbot.db" env:"BRIEFBOT_STORE" help:"Ledger of changes and deliveries (${default})."`
	Listen    string        `group:"settings" placeholder:"ADDR" default:"127.0.0.1:8080" env:"BRIEFBOT_LISTEN" help:"Address of the web pages, or off (${default})."`
	PublicURL string        `group:"settings" placeholder:"URL" name:"public-url" env:"BRIEFBOT_PUBLIC_URL" help:"Address under which readers reach the web pages."`
	WebToken  string        `group:"settings" placeholder:"FILE" name:"web-token-file" env:"BRIEFBOT_WEB_TOKEN_FILE" help:"File with the token that opens the preview where the listener is not private."`
	Timezone  string        `group:"settings" placeholder:"ZONE" default:"UTC" env:"BRIEFBOT_TIMEZONE" help:"IANA zone of subscriptions that name none (${default})."`
	Settle    time.Duration `group:"settings" placeholder:"TIME" default:"30s" env:"BRIEFBOT_SETTLE" help:"How long briefs must be quiet before an immediate digest (${default})."`
	LogFormat string        `group:"settings" enum:"text,json" default:"text" env:"BRIEFBOT_LOG_FORMAT" help:"Form of the log: ${enum}."`
	LogLevel  string        `group:"settings" enum:"debug,info,warn,error" default:"info" env:"BRIEFBOT_LOG_LEVEL" help:"What is logged: ${enum} and above."`

	DiscordToken  string `group:"settings" placeholder:"FILE" name:"discord-token-file" env:"BRIEFBOT_DISCORD_TOKEN_FILE" help:"File with the Discord bot token; Discord is off without one."`
	DiscordAPI    string `group:"settings" placeholder:"URL" name:"discord-api" default:"https://discord.com/api/v10" env:"BRIEFBOT_DISCORD_API" help:"Base of Discord's REST interface."`
	TelegramToken string `group:"settings" placeholder:"FILE" name:"telegram-token-file" env:"BRIEFBOT_TELEGRAM_TOKEN_FILE" help:"File with the Telegram bot token; Telegram is off without one."`
	TelegramAPI   string `group:"settings" placeholder:"URL" name:"telegram-api" default:"https://api.telegram.org" env:"BRIEFBOT_TELEGRAM_API" help:"Base of the Telegram Bot API."`

	BriefsInterval      unbuilt `hidden:"" name:"briefs-interval" env:"BRIEFBOT_BRIEFS_INTERVAL"`
	BriefsToken         unbuilt `hidden:"" name:"briefs-token-file" env:"BRIEFBOT_BRIEFS_TOKEN_FILE,BRIEFBOT_BRIEFS_TOKEN"`
	BriefsKey           unbuilt `hidden:"" name:"briefs-key-file" env:"BRIEFBOT_BRIEFS_KEY_FILE"`
	BriefsKnownHosts    unbuilt `hidden:"" name:"briefs-known-hosts" env:"BRIEFBOT_BRIEFS_KNOWN_HOSTS"`
	BriefsWebhookSecret unbuilt `hidden:"" name:"briefs-webhook-secret-file" env:"BRIEFBOT_BRIEFS_WEBHOOK_SECRET_FILE,BRIEFBOT_BRIEFS_WEBHOOK_SECRET"`
	DiscordPublicKey    unbuilt `hidden:"" name:"discord-public-key" env:"BRIEFBOT_DISCORD_PUBLIC_KEY"`
	TelegramSecret      unbuilt `hidden:"" name:"telegram-webhook-secret-file" env:"BRIEFBOT_TELEGRAM_WEBHOOK_SECRET_FILE,BRIEFBOT_TELEGRAM_WEBHOOK_SECRET"`

	file   *file   // what the configuration file says beyond settings; never nil once parsed
	secret secrets // read from the environment and from files
}

// secrets are what must not be shown. They are never flags.
type secrets struct {
	discord, telegram, web string
}

// unbuilt is a setting of the contract that this version does not have yet. It is
// refused wherever it is set, since ignoring it would be a lie.
type unbuilt string

// Decode implements kong.MapperValue.
func (unbuilt) Decode(*kong.DecodeContext) error {
	return errors.New("this setting is not built yet; leave it out")
}

// BeforeResolve reads the configuration file, so that kong finds there what
// neither a flag nor the environment has set.
func (c *cli) BeforeResolve(ctx *kong.Context) error {
	path := ""
	var flags []string
	for _, flag := range ctx.Flags() {
		if flag.Group == nil && !flag.Hidden {
			continue
		}
		flags = append(flags, flag.Name)
		if flag.Name == "config" {
			path, _ = ctx.FlagValue(flag).(string)
		}
	}
	f, err := readFile(path, flags)
	if err != nil {
		return err
	}
	c.file = f
	ctx.AddResolver(f)
	return checkEnvironment(ctx.Flags())
}

// AfterApply reads the secrets and judges what kong cannot. A file that cannot be
// used stops every command but check, which says what is wrong with it.
func (c *cli) AfterApply(ctx *kong.Context) error {
	if selected := ctx.Selected(); selected == nil || selected.Name != "check" {
		if err := c.file.Err(); err != nil {
			return err
		}
	}
	return c.settings.complete()
}

func (s *settings) complete() error {
	for _, secret := range []struct {
		into *string
		path string
		env  string
	}{
		{&s.secret.discord, s.DiscordToken, "BRIEFBOT_DISCORD_TOKEN"},
		{&s.secret.telegram, s.TelegramToken, "BRIEFBOT_TELEGRAM_TOKEN"},
		{&s.secret.web, s.WebToken, "BRIEFBOT_WEB_TOKEN"},
		{&s.Store, os.Getenv("BRIEFBOT_STORE_FILE"), ""},
	} {
		value, err := readSecret(secret.path, secret.env)
		if err != nil {
			return err
		}
		if value != "" {
			*secret.into = value
		}
	}
	return s.validate()
}

// validate reports the first setting whose value cannot be used.
func (s *settings) validate() error {
	if strings.Contains(s.Briefs, "://") || strings.HasPrefix(s.Briefs, "git@") {
		return fmt.Errorf("--briefs %s: a git source is not built yet; name a folder", redactURL(s.Briefs))
	}
	if strings.HasPrefix(s.Store, "postgres://") || strings.HasPrefix(s.Store, "postgresql://") {
		return errors.New("--store: PostgreSQL is not built yet; name a file")
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "" || s.Timezone == "Local" {
		return fmt.Errorf("--timezone %q: not an IANA zone; write one like Europe/Kyiv", s.Timezone)
	}
	if s.Settle < 0 {
		return fmt.Errorf("--settle %v: a time cannot be negative", s.Settle)
	}
	if s.Listen != "off" {
		if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
			return fmt.Errorf("--listen %q: write host:port, or off", s.Listen)
		}
	}
	for name, value := range map[string]string{
		"--public-url": s.PublicURL, "--discord-api": s.DiscordAPI, "--telegram-api": s.TelegramAPI,
	} {
		if err := checkURL(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// checkURL says what is wrong with a base address, without repeating a password
// that may stand in it. An empty one is fine.
func checkURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("not a web address; write one like https://example.org")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s is not a web address; write one like https://example.org", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: leave out user, query and fragment", u.Redacted())
	}
	return nil
}

// redactURL hides a password in s, if s is an address.
func redactURL(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "(an address that cannot be read)"
}

// readSecret returns the secret in the file at path, else the value of the
// variable env. A secret given both ways is an error: which one counts would be a
// guess.
func readSecret(path, env string) (string, error) {
	value := ""
	if env != "" {
		value = strings.TrimSpace(os.Getenv(env))
	}
	if path == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s is set and so is a file for it: keep one of them", env)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	value = strings.TrimSpace(string(data))
	if value == "" {
		return "", fmt.Errorf("reading a secret: %s is empty", path)
	}
	return value, nil
}

// checkEnvironment refuses variables that look like settings and are none, since
// a misspelt one would be ignored in silence.
func checkEnvironment(flags []*kong.Flag) error {
	known := []string{"BRIEFBOT_DISCORD_TOKEN", "BRIEFBOT_TELEGRAM_TOKEN", "BRIEFBOT_WEB_TOKEN", "BRIEFBOT_STORE_FILE"}
	for _, flag := range flags {
		known = append(known, flag.Envs...)
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "BRIEFBOT_") || strings.HasPrefix(name, "BRIEFBOT_TEST_") || slices.Contains(known, name) {
			continue
		}
		return fmt.Errorf("the environment sets %s, which is no setting%s", name, spelling.Suggestion(name, known))
	}
	return nil
}

// exists reports whether there is something at path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
