package discord

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// platformName is the first part of every conversation here.
const platformName = "discord"

// Options say how to reach Discord. Token is required; the zero value of the rest
// is usable.
type Options struct {
	Token string // the bot's token, without “Bot ”
	// API is the base URL of the REST interface; empty: https://discord.com/api/v10.
	API    string
	Logger *slog.Logger // nil: nothing is logged
	// Dial opens connections to REST and gateway; nil: the net package does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Tempo multiplies the limits over all channels, for a stand-in that has none;
	// zero: Discord's own. No setting of the program leads here.
	Tempo int
}

// Discord is the [chat.Platform] named "discord". It is safe for use by many
// goroutines.
type Discord struct {
	rest     *rest
	dial     dialer
	tempo    int
	logger   *slog.Logger
	told     told
	starters starters
	contact  chat.Contact

	mu          sync.Mutex
	application string // the application's id, once known
	user        string // the bot's own id, once known
	roster      *roster
	refusal     error // why Discord refuses the token; nil: it does not
	stop        context.CancelCauseFunc
	alarm       func(key, message string) // nil while nobody serves
	untold      map[string]string         // troubles by key that nobody was told of yet
}

// Contact implements chat.Reporter: it is about the gateway.
func (d *Discord) Contact() (since time.Time, trouble error) { return d.contact.State() }

// New returns the platform. It opens no connection; its error names what is
// wrong with the options.
func New(o Options) (*Discord, error) {
	token := strings.TrimPrefix(strings.TrimSpace(o.Token), "Bot ")
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return nil, errors.New("the Discord token is empty or holds a space")
	}
	if o.API == "" {
		o.API = "https://discord.com/api/v10"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Discord{dial: o.Dial, tempo: max(o.Tempo, 1), logger: o.Logger}
	var err error
	if d.rest, err = newREST(token, o.API, o.Dial, d.denied); err != nil {
		return nil, err
	}
	d.rest.transport.pacer.quicken(d.tempo)
	d.rest.transport.pacer.trouble = d.trouble
	d.application = applicationOf(token)
	return d, nil
}

// applicationOf reads the application's id from a token, which begins with it;
// nothing where it does not.
func applicationOf(token string) string {
	first, _, _ := strings.Cut(token, ".")
	id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil || !isID(string(id)) {
		return ""
	}
	return string(id)
}

// Name implements [chat.Platform].
func (d *Discord) Name() string { return platformName }

// Invitation implements [chat.Inviter]: the link by which somebody who manages a
// server adds the bot to it. It is empty until the application's id is known, which
// most tokens tell.
func (d *Discord) Invitation() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.application == "" {
		return ""
	}
	q := url.Values{
		"client_id": {d.application}, "scope": {"bot applications.commands"},
		"permissions": {strconv.FormatUint(invited, 10)}, "integration_type": {"0"},
	}
	return "https://discord.com/oauth2/authorize?" + q.Encode()
}

// Pace implements [chat.Pacer]. The limit of a channel is not documented; five
// messages in five seconds is what Discord's headers say.
func (d *Discord) Pace(chat.Conversation) chat.Pace {
	return chat.Pace{PerSecond: digestRate * float64(d.tempo), Burst: 5, Each: time.Second, Workers: 32}
}

// Dedupes implements [chat.Deduplicator]. How long a nonce is remembered is not
// documented beyond “a few minutes”
// (https://discord.com/developers/docs/resources/message#create-message); two are
// the least that can be meant.
func (d *Discord) Dedupes() time.Duration { return 2 * time.Minute }

// denied stops the adapter: Discord refuses the token.
func (d *Discord) denied(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refusal == nil {
		d.refusal = fmt.Errorf("Discord refuses the bot's token (%w): set BRIEFBOT_DISCORD_TOKEN to the bot token of the application's page", err)
	}
	if d.stop != nil {
		d.stop(d.refusal)
	}
}

// trouble has the operators told, as soon as somebody serves. It does not block.
func (d *Discord) trouble(key, message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alarm != nil {
		d.alarm(key, message)
		return
	}
	if d.untold == nil {
		d.untold = map[string]string{}
	}
	d.untold[key] = message
}

// alarmThrough begins to tell the operators through alarm, of what is untold too.
func (d *Discord) alarmThrough(alarm func(key, message string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.alarm = alarm
	for key, message := range d.untold {
		alarm(key, message)
	}
	d.untold = nil
}

// refused is why Discord refuses the token, nil as long as it does not.
func (d *Discord) refused() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refusal
}

// Serve implements [chat.Platform]. It ends with an error when Discord refuses the
// token or ends the connection for good.
func (d *Discord) Serve(ctx context.Context, host chat.Host) error {
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	roster := newRoster(host, d.logger, d.survey)
	d.mu.Lock()
	d.stop, d.roster = stop, roster
	refusal := d.refusal
	d.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	// Answers begun outlive ctx a little; the token of each bounds them.
	answering, drop := context.WithCancel(context.WithoutCancel(ctx))
	defer drop()
	var answers crowd
	var loops sync.WaitGroup
	receiver := &receiver{rest: d.rest, host: host, logger: d.logger, told: &d.told}
	events := newQueue()
	roster.soon = func(after time.Duration, f func()) {
		time.AfterFunc(after, func() { events.push(f) })
	}
	d.alarmThrough(func(key, message string) {
		events.push(func() { host.Alarm(serving, key, message) })
	})
	v := &supervisor{
		rest: d.rest, dial: d.dial, logger: d.logger, contact: &d.contact,
		event: func(kind string, data json.RawMessage) {
			if kind == "INTERACTION_CREATE" {
				answers.Go(func() { receiver.handle(answering, data) })
				return
			}
			if kind == "READY" {
				d.introduced(data)
			}
			events.push(func() { roster.handle(serving, kind, data) })
		},
		starved: func(wait time.Duration) {
			host.Alarm(serving, "discord-sessions", fmt.Sprintf("Discord's budget of gateway sessions is nearly spent: the bot connects again in %v.", wait.Round(time.Minute)))
		},
	}
	// Two goroutines besides this one, which owns the gateway: one registers the
	// commands and ends, the other owns the roster.
	loops.Go(func() { d.keepRegistered(serving, host) })
	loops.Go(func() { events.run(serving, d.logger) })
	err := v.run(serving)
	stop(nil)
	answers.finish(drop)
	loops.Wait()
	d.rest.close()
	if refusal := d.refused(); refusal != nil {
		return refusal
	}
	return err
}

// answersWithin is how long answers begun may take after the end.
const answersWithin = 5 * time.Second

// A crowd is the goroutines that answer. It takes no more once it was finished.
type crowd struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// Go starts f unless the crowd was finished.
func (c *crowd) Go(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.group.Go(f)
	}
}

// finish waits for the answers begun and drops what takes too long.
func (c *crowd) finish(drop func()) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	done := make(chan struct{})
	go func() {
		c.group.Wait()
		close(done)
	}()
	late := time.NewTimer(answersWithin)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		drop()
		<-done
	}
}

// Send implements [chat.Platform]. The key is the message's nonce: Discord gives
// back the first message for a repeat within a few minutes.
func (d *Discord) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	return d.send(ctx, to, c, posted{Nonce: key})
}

// send posts a card with what p says besides.
func (d *Discord) send(ctx context.Context, to chat.Conversation, c chat.Card, p posted) (chat.MessageID, error) {
	if err := d.check(to); err != nil {
		return "", err
	}
	if len(p.Nonce) > maxNonce {
		return "", &chat.Refused{Err: fmt.Errorf("the key %q has more than %d bytes", p.Nonce, maxNonce)}
	}
	id, err := d.post(ctx, to.ID, compose(c, ""), p)
	if c.Picture != nil && refusesFile(err) {
		// Perhaps only the picture is not allowed: its words are.
		id, err = d.post(ctx, to.ID, compose(pictureless(c), ""), p)
	}
	return id, d.noted(ctx, to.ID, err)
}

// pictureless is a card with the words of its picture alone.
func pictureless(c chat.Card) chat.Card {
	without := *c.Picture
	without.Data = nil
	c.Picture = &without
	return c
}

// noted takes note of a channel that refused the bot, and has its error say what is
// missing.
func (d *Discord) noted(ctx context.Context, channel string, err error) error {
	var gone *chat.Gone
	switch r := d.watcher(); {
	case errors.As(err, &gone):
		if r != nil {
			r.refused(channel)
		}
		d.explain(ctx, channel, gone)
	case err == nil && r != nil:
		r.used(channel)
	}
	return err
}

// explain adds the permissions that are missing, in Discord's words, to the error
// of a channel that refused the bot.
func (d *Discord) explain(ctx context.Context, channel string, gone *chat.Gone) {
	switch codeOf(gone.Err) {
	case missingAccess:
		gone.Err = fmt.Errorf("%w: the bot cannot see the channel (VIEW_CHANNEL)", gone.Err)
	case missingPermissions:
		if s, err := d.survey(ctx, channel); err == nil && len(s.Missing) > 0 {
			gone.Err = fmt.Errorf("%w: the bot lacks %s", gone.Err, strings.Join(s.Missing, ", "))
		}
	case threadLocked:
		gone.Err = fmt.Errorf("%w: the bot lacks MANAGE_THREADS", gone.Err)
	}
}

func (d *Discord) post(ctx context.Context, channel string, m message, p posted) (chat.MessageID, error) {
	p.message, p.EnforceNonce = m, p.Nonce != ""
	if p.Reference != nil {
		p.AllowedMentions.RepliedUser = new(bool) // false
	}
	var sent struct {
		ID chat.MessageID `json:"id"`
	}
	err := d.rest.message(ctx, http.MethodPost, "/channels/"+channel+"/messages", p, m.picture, &sent)
	if err == nil && sent.ID == "" {
		err = &wireError{Wrote: true, Err: errors.New("the answer names no message")}
	}
	if p.Reference != nil && unanswerable(err) {
		p.Reference = nil
		return d.post(ctx, channel, m, p)
	}
	return sent.ID, outcome(err, m.text())
}

// maxNonce is the most characters of a nonce
// (https://discord.com/developers/docs/resources/message#create-message).
const maxNonce = 25

// posted is a message that nobody asked for.
type posted struct {
	message
	Nonce        string     `json:"nonce,omitempty"`
	EnforceNonce bool       `json:"enforce_nonce,omitempty"`
	Reference    *reference `json:"message_reference,omitempty"`
}

// check says why nothing can be sent to a conversation.
func (d *Discord) check(to chat.Conversation) error {
	if to.Platform != platformName || !isID(to.ID) || to.Thread != "" {
		return &chat.Refused{Err: fmt.Errorf("%s is not a Discord channel: write discord: and the id of a channel or thread", to)}
	}
	if err := d.refused(); err != nil {
		return &chat.Later{Everyone: true, Err: err}
	}
	return nil
}

// watcher is who notices when channels let the bot in or shut it out; nil while nobody
// serves.
func (d *Discord) watcher() *roster {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.roster
}

// introduced keeps who the bot is, as the gateway tells it.
func (d *Discord) introduced(ready json.RawMessage) {
	var said struct {
		User        user `json:"user"`
		Application user `json:"application"`
	}
	if json.Unmarshal(ready, &said) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if isID(said.User.ID) {
		d.user = said.User.ID
	}
	if isID(said.Application.ID) {
		d.application = said.Application.ID
	}
}

// findApplication asks for the application's id and keeps it.
func (d *Discord) findApplication(ctx context.Context) (string, error) {
	var app user
	if err := d.rest.do(ctx, http.MethodGet, "/applications/@me", nil, &app); err != nil {
		return "", fmt.Errorf("asking for the application: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.application = app.ID
	return app.ID, nil
}

// self is the bot's own id.
func (d *Discord) self(ctx context.Context) (string, error) {
	d.mu.Lock()
	known := d.user
	d.mu.Unlock()
	if known != "" {
		return known, nil
	}
	var me user
	if err := d.rest.do(ctx, http.MethodGet, "/users/@me", nil, &me); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.user = me.ID
	return me.ID, nil
}
