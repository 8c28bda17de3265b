package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/briefbot/briefbot/internal/mirror"
	"github.com/briefbot/briefbot/internal/spelling"
)

// settings are what the operator may choose. The names of flags, variables and
// keys are a contract; the file's key is the flag's name with underscores.
type settings struct {
	Config              string        `group:"settings" placeholder:"FILE" env:"BRIEFBOT_CONFIG" help:"Configuration file; ./briefbot.yaml where it exists."`
	Briefs              briefsSetting `group:"settings" placeholder:"DIR" default:"./briefs" env:"BRIEFBOT_BRIEFS" help:"Folder of the briefs (${default}), or the address of a git repository: URL#branch:folder."`
	BriefsInterval      string        `group:"settings" placeholder:"TIME" name:"briefs-interval" default:"1m" env:"BRIEFBOT_BRIEFS_INTERVAL" help:"How often a git repository is asked for news (${default})."`
	BriefsToken         string        `group:"settings" placeholder:"FILE" name:"briefs-token-file" env:"BRIEFBOT_BRIEFS_TOKEN_FILE" help:"File with the token for an https repository, or set BRIEFBOT_BRIEFS_TOKEN."`
	BriefsKey           string        `group:"settings" placeholder:"FILE" name:"briefs-key-file" env:"BRIEFBOT_BRIEFS_KEY_FILE" help:"File of the private key for an ssh repository."`
	BriefsKnownHosts    string        `group:"settings" placeholder:"FILE" name:"briefs-known-hosts" env:"BRIEFBOT_BRIEFS_KNOWN_HOSTS" help:"File of the ssh hosts that are known; those that ssh knows without one."`
	Store               string        `group:"settings" placeholder:"FILE" default:"./briefbot.db" env:"BRIEFBOT_STORE" help:"Ledger of changes and deliveries (${default})."`
	Listen              string        `group:"settings" placeholder:"ADDR" default:"127.0.0.1:8080" env:"BRIEFBOT_LISTEN" help:"Address of the web pages, or off (${default})."`
	PublicURL           string        `group:"settings" placeholder:"URL" name:"public-url" env:"BRIEFBOT_PUBLIC_URL" help:"Address under which readers reach the web pages."`
	WebToken            string        `group:"settings" placeholder:"FILE" name:"web-token-file" env:"BRIEFBOT_WEB_TOKEN_FILE" help:"File with the token that opens the preview where the listener is not private; or set BRIEFBOT_WEB_TOKEN."`
	BriefsWebhookSecret string        `group:"settings" placeholder:"FILE" name:"briefs-webhook-secret-file" env:"BRIEFBOT_BRIEFS_WEBHOOK_SECRET_FILE" help:"File with the secret of push webhooks at /hooks/briefs, or set BRIEFBOT_BRIEFS_WEBHOOK_SECRET; there are none without one."`
	Timezone            string        `group:"settings" placeholder:"ZONE" default:"UTC" env:"BRIEFBOT_TIMEZONE" help:"IANA zone of subscriptions that name none (${default})."`
	Settle              time.Duration `group:"settings" placeholder:"TIME" default:"30s" env:"BRIEFBOT_SETTLE" help:"How long briefs must be quiet before an immediate digest (${default})."`
	LogFormat           string        `group:"settings" enum:"text,json" default:"text" env:"BRIEFBOT_LOG_FORMAT" help:"Form of the log: ${enum}."`
	LogLevel            string        `group:"settings" enum:"debug,info,warn,error" default:"info" env:"BRIEFBOT_LOG_LEVEL" help:"The least that is logged: ${enum}."`

	DiscordToken  string `group:"settings" placeholder:"FILE" name:"discord-token-file" env:"BRIEFBOT_DISCORD_TOKEN_FILE" help:"File with the Discord bot token, or set BRIEFBOT_DISCORD_TOKEN; Discord is off without one."`
	DiscordAPI    string `group:"settings" placeholder:"URL" name:"discord-api" default:"https://discord.com/api/v10" env:"BRIEFBOT_DISCORD_API" help:"Base of Discord's REST interface."`
	TelegramToken string `group:"settings" placeholder:"FILE" name:"telegram-token-file" env:"BRIEFBOT_TELEGRAM_TOKEN_FILE" help:"File with the Telegram bot token, or set BRIEFBOT_TELEGRAM_TOKEN; Telegram is off without one."`
	TelegramAPI   string `group:"settings" placeholder:"URL" name:"telegram-api" default:"https://api.telegram.org" env:"BRIEFBOT_TELEGRAM_API" help:"Base of the Telegram Bot API."`

	DiscordPublicKey unbuilt `hidden:"" name:"discord-public-key" env:"BRIEFBOT_DISCORD_PUBLIC_KEY"`
	TelegramSecret   unbuilt `hidden:"" name:"telegram-webhook-secret-file" env:"BRIEFBOT_TELEGRAM_WEBHOOK_SECRET_FILE"`

	file   *file           // what the configuration file says beyond settings; never nil once parsed
	given  map[string]bool // the flags that the command line has
	secret secrets         // read from the environment and from files
}

// secrets are what must not be shown. They are never flags.
type secrets struct {
	discord, telegram, web, webhook, briefs string
}

// unbuilt is a setting of the contract that this version does not have yet. It is
// refused wherever it is set, since ignoring it would be a lie.
type unbuilt string

var errUnbuilt = errors.New("this setting is not built yet; leave it out")

// Decode implements kong.MapperValue.
func (unbuilt) Decode(*kong.DecodeContext) error { return errUnbuilt }

// BeforeResolve reads the configuration file, so that kong finds there what
// neither a flag nor the environment has set.
func (c *cli) BeforeResolve(ctx *kong.Context) error {
	path := ""
	checks := make(map[string]checkFunc)
	for _, flag := range ctx.Flags() {
		switch {
		case flag.Group == nil && !flag.Hidden:
		case flag.Name == "config":
			path, _ = ctx.FlagValue(flag).(string)
		default:
			checks[flag.Name] = checkOf(flag)
		}
	}
	f, err := readFile(path, checks)
	if err != nil {
		return err
	}
	c.file = f
	ctx.AddResolver(f)
	return nil
}

// AfterApply reads the secrets and judges what kong cannot. A file that cannot be
// used stops every command but check, which says what is wrong with it, and those
// that need no setting. Check needs no secret but that of a repository which it fetches:
// it runs where there is none.
func (c *cli) AfterApply(ctx *kong.Context) error {
	command := ""
	if selected := ctx.Selected(); selected != nil {
		command = selected.Name
	}
	c.given = make(map[string]bool)
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			c.given[p.Flag.Name] = true
		}
	}
	switch command {
	case "version", "schema", "completion":
		return nil
	case "check":
		if c.Check.fetches(&c.settings) {
			if err := c.readSecrets("briefs-token-file"); err != nil {
				return err
			}
		}
		return c.judge(ctx.Flags())
	}
	if err := c.file.Err(); err != nil {
		return err
	}
	if err := c.readSecrets(); err != nil {
		return err
	}
	return c.judge(ctx.Flags())
}

// readSecrets finds each secret where it counts, or only those of flags.
func (s *settings) readSecrets(flags ...string) error {
	for _, secret := range []struct {
		into            *string
		flag, path, env string
	}{
		{&s.secret.discord, "discord-token-file", s.DiscordToken, "BRIEFBOT_DISCORD_TOKEN"},
		{&s.secret.telegram, "telegram-token-file", s.TelegramToken, "BRIEFBOT_TELEGRAM_TOKEN"},
		{&s.secret.web, "web-token-file", s.WebToken, "BRIEFBOT_WEB_TOKEN"},
		{&s.secret.briefs, "briefs-token-file", s.BriefsToken, "BRIEFBOT_BRIEFS_TOKEN"},
		{&s.secret.webhook, "briefs-webhook-secret-file", s.BriefsWebhookSecret, "BRIEFBOT_BRIEFS_WEBHOOK_SECRET"},
	} {
		if len(flags) > 0 && !slices.Contains(flags, secret.flag) {
			continue
		}
		var err error
		if *secret.into, err = secretOf(s.given[secret.flag], secret.path, secret.env); err != nil {
			return fmt.Errorf("--%s: %w", secret.flag, err)
		}
	}
	if s.given["store"] || len(flags) > 0 {
		return nil
	}
	// A store may be an address with a password in it, but its flag is no file's name.
	store, err := secretOf(false, os.Getenv("BRIEFBOT_STORE_FILE"), "BRIEFBOT_STORE")
	if err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	s.Store = cmp.Or(store, s.Store)
	return nil
}

// secretOf returns a secret: a flag's file counts before the environment, and that
// before path, which is the file of the variable env_FILE or of the configuration. A
// secret that the environment gives both ways is an error: which one counts would
// be a guess.
func secretOf(flagged bool, path, env string) (string, error) {
	value := strings.TrimSpace(os.Getenv(env))
	switch {
	case flagged:
		return readSecret(path)
	case value != "" && isSet(env+"_FILE"):
		return "", fmt.Errorf("%s and %s_FILE are both set: keep one of them", env, env)
	case value != "" || path == "":
		return value, nil
	}
	return readSecret(path)
}

// readSecret returns the secret in the file at path.
func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return "", fmt.Errorf("reading a secret: %s is empty", path)
	}
	return value, nil
}

// judge reports the first setting that cannot be used.
func (s *settings) judge(flags []*kong.Flag) error {
	if err := checkEnvironment(flags); err != nil {
		return err
	}
	for _, setting := range []struct{ name, value string }{
		{"briefs", string(s.Briefs)}, {"briefs-interval", s.BriefsInterval}, {"store", s.Store}, {"listen", s.Listen}, {"public-url", s.PublicURL},
		{"timezone", s.Timezone}, {"settle", s.Settle.String()}, {"discord-api", s.DiscordAPI}, {"telegram-api", s.TelegramAPI},
	} {
		if err := checkSetting(setting.name, setting.value); err != nil {
			return fmt.Errorf("--%s: %w", setting.name, err)
		}
	}
	return s.judgeSource()
}

// A checkFunc says what is wrong with the value of a setting. No message repeats
// an address: a password or a token may stand in it.
type checkFunc func(value string) error

// checkOf returns the check of a flag's values, for where kong does not look.
func checkOf(flag *kong.Flag) checkFunc {
	return func(value string) error {
		switch {
		case flag.Target.Type() == reflect.TypeFor[unbuilt]():
			return errUnbuilt
		case value == "":
			return errors.New("this is empty; write a value, or take the key out")
		case flag.Enum != "" && !slices.Contains(flag.EnumSlice(), value):
			return fmt.Errorf("write one of %s, not %q", strings.Join(flag.EnumSlice(), ", "), value)
		case flag.Name == "briefs" && briefsSetting(value).hasSecret():
			return errFileSecret
		}
		return checkSetting(flag.Name, value)
	}
}

func checkSetting(name, value string) error {
	switch name {
	case "briefs":
		if value == "" {
			return errors.New("this is empty; name a folder")
		}
		if briefsSetting(value).isAddress() {
			_, err := mirror.ParseAddress(value)
			return err
		}
	case "briefs-interval":
		if d, err := time.ParseDuration(value); err != nil || d < time.Second {
			return fmt.Errorf("%q is not a length of time of at least a second; write one like 30s or 5m", value)
		}
	case "store":
		switch scheme, _, isAddress := strings.Cut(strings.ToLower(value), "://"); {
		case isAddress && strings.HasPrefix(scheme, "postgres"):
			return errors.New("PostgreSQL is not built yet; name a file")
		case isAddress:
			return errors.New("this is an address; name a file")
		}
	case "timezone":
		return checkZone(value)
	case "settle":
		if d, err := time.ParseDuration(value); err != nil || d < 0 {
			return fmt.Errorf("%q is not a length of time; write one like 30s or 2m", value)
		}
	case "listen":
		if _, port, err := net.SplitHostPort(value); value != "off" && (err != nil || port == "") {
			return fmt.Errorf("%q is not an address; write host:port, or off", value)
		}
	case "public-url", "discord-api", "telegram-api":
		return checkURL(value)
	}
	return nil
}

// checkZone accepts the names of the IANA database; Go would take more.
func checkZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return fmt.Errorf("%q is not an IANA zone; write one like Europe/Kyiv", name)
	}
	return nil
}

// checkURL says what is wrong with a base address. An empty one is fine.
func checkURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("this is not a web address; write one like https://example.org")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("leave out user, query and fragment of the address")
	}
	return nil
}

// checkEnvironment refuses variables that look like settings and are none, since
// a misspelt one would be ignored in silence.
func checkEnvironment(flags []*kong.Flag) error {
	known := []string{"BRIEFBOT_BRIEFS_TOKEN", "BRIEFBOT_DISCORD_TOKEN", "BRIEFBOT_TELEGRAM_TOKEN", "BRIEFBOT_WEB_TOKEN", "BRIEFBOT_BRIEFS_WEBHOOK_SECRET", "BRIEFBOT_STORE_FILE"}
	for _, flag := range flags {
		known = append(known, flag.Envs...)
	}
	unbuilt := []string{"BRIEFBOT_TELEGRAM_WEBHOOK_SECRET"}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(unbuilt, name) {
			return fmt.Errorf("%s: %w", name, errUnbuilt)
		}
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
