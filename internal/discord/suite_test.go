package discord_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/discord"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

func TestSuite(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness { return newHarness(t) })
}

const (
	guild   = "5000000000000000001"
	room    = "5000000000000000002"
	thread  = "5000000000000000003"
	private = "5000000000000000004"
	role    = "5000000000000000005"
	asker   = "5000000000000000006"
	forum   = "5000000000000000007"
)

// A harness is Discord for the suite of package chattest.
type harness struct {
	*testing.T
	server  *discordtest.Server
	discord *discord.Discord
	log     *chattest.Log
	logger  *slog.Logger
	by      discordtest.Member
	asked   *discordtest.Pending // the last question or press
	sent    *discordtest.Pending // the last form that was sent
}

func newHarness(t *testing.T) *harness {
	h := &harness{T: t, log: &chattest.Log{}, by: discordtest.Member{User: asker, Name: "Asker", Roles: []string{role}, Permissions: discordtest.Posting}}
	var err error
	if h.server, err = discordtest.NewServer(discordtest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.server.Close)
	h.server.AddGuild(discordtest.Guild{ID: guild, Name: "Suite"})
	h.server.AddChannel(discordtest.Channel{ID: room, Guild: guild, Name: "room"})
	h.server.AddChannel(discordtest.Channel{ID: thread, Guild: guild, Name: "thread", Type: discordtest.PublicThread, Parent: room})
	h.server.AddChannel(discordtest.Channel{ID: forum, Guild: guild, Name: "forum", Type: discordtest.ForumChannel})
	h.server.AddChannel(discordtest.Channel{ID: private, Type: discordtest.DirectChat, Recipient: asker})
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.logger = logger
	h.Restart()
	return h
}

func (h *harness) Restart() {
	h.Helper()
	h.Await("the connection before to end", func() bool { return h.server.Connected() == 0 })
	var err error
	if h.discord, err = discord.New(discord.Options{Token: h.server.Token(), API: h.server.API(), Logger: h.logger}); err != nil {
		h.Fatal(err)
	}
}

func (h *harness) Platform() chat.Platform { return h.discord }

func (h *harness) Places() []chattest.Place {
	at := func(id string) chat.Conversation { return chat.Conversation{Platform: "discord", ID: id} }
	member := []string{"discord-user:" + asker, "discord-role:" + guild + "/" + role}
	return []chattest.Place{
		{Where: at(room), Room: []string{"discord:" + room, "discord-guild:" + guild}, Asker: member, Private: true},
		{Where: at(thread), Room: []string{"discord:" + thread, "discord:" + room, "discord-guild:" + guild}, Asker: member, Private: true},
		{Where: at(private), Room: []string{"discord:" + private, "discord-user:" + asker}, Asker: member[:1], Private: true, Direct: true},
	}
}

func (h *harness) Say(where chat.Conversation, line string) {
	h.Helper()
	command, args, problem := chattest.Slash(line)
	if problem != nil {
		h.Fatal(problem)
	}
	h.receiving()
	var options []discordtest.Option
	for _, a := range args {
		options = append(options, discordtest.Option{Name: a.Option, Value: a.Value})
	}
	var err error
	if h.asked, err = h.server.Slash(h.by, where.ID, command, options...); err != nil {
		h.Fatal(err)
	}
}

// receiving waits until the bot is connected and its commands are registered.
func (h *harness) receiving() {
	h.Helper()
	h.Await("the bot to receive", func() bool { return h.server.Connected() > 0 && len(h.server.Commands()) > 0 })
}

func (h *harness) Press(_ chat.Conversation, m chattest.Message, label string) {
	h.Helper()
	h.receiving()
	shown, ok := h.server.Message(m.ID)
	if !ok {
		h.Fatalf("there is no message %q", m.ID)
	}
	b, ok := shown.Button(label)
	if !ok {
		h.Fatalf("message %s has no button %q", m.ID, label)
	}
	var err error
	if h.asked, err = h.server.Press(h.by, m.ID, b.CustomID); err != nil {
		h.Fatal(err)
	}
}

// modal waits for the form that the last question or press was answered with.
func (h *harness) modal() discordtest.Modal {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 20*time.Second)
	defer cancel()
	m, err := h.asked.Modal(ctx)
	if err != nil {
		h.Fatalf("%v\n%s", err, h.log)
	}
	return m
}

func (h *harness) Fill(where chat.Conversation, texts map[string]string) chattest.Sheet {
	h.Helper()
	m := h.modal()
	h.receiving()
	sheet := chattest.Sheet{Title: m.Title, Where: where}
	for _, f := range m.Fields {
		sheet.Labels, sheet.Values = append(sheet.Labels, f.Label), append(sheet.Values, f.Value)
	}
	var err error
	if h.sent, err = h.server.Submit(h.by, h.asked, texts); err != nil {
		h.Fatal(err)
	}
	return sheet
}

func (h *harness) Dismiss(chat.Conversation) {
	h.Helper()
	h.modal()
	h.server.Dismiss(h.asked)
}

func (h *harness) Again() bool {
	h.server.Redeliver(h.sent)
	return true
}

func (h *harness) Messages(where chat.Conversation) []chattest.Message {
	var all []chattest.Message
	for _, m := range h.server.Visible(where.ID) {
		all = append(all, chattest.Message{
			ID: m.ID, Text: readable(m), Buttons: labels(m), Private: m.Ephemeral(), Edited: m.Edits > 0, Pings: m.Pings,
			Answers: m.Reply, Pinned: slices.Contains(h.server.Pinned(where.ID), m.ID),
		})
	}
	return all
}

// readable is what a reader sees of a message, without markup. Letters are all that
// the suite compares, so that taking the escapes out is enough.
func readable(m discordtest.Message) string {
	var b strings.Builder
	for _, e := range m.Embeds {
		for _, s := range []string{e.Title, e.Description, e.Footer} {
			b.WriteString(discord.Read(s) + "\n")
		}
	}
	return b.String()
}

// labels are the labels of the author's buttons: Share is Discord's own.
func labels(m discordtest.Message) []string {
	var all []string
	for _, row := range m.Buttons {
		for _, b := range row {
			all = append(all, b.Label)
		}
	}
	if n := len(all); n > 0 && all[n-1] == "Share" {
		all = all[:n-1]
	}
	return all
}

func (h *harness) Await(what string, cond func() bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 20*time.Second)
	defer cancel()
	if err := h.server.Wait(ctx, cond); err != nil {
		h.Fatalf("waiting for %s: %v\n%s", what, err, h.log)
	}
}

func (h *harness) Fail(where chat.Conversation, o chattest.Outcome) bool {
	f := discordtest.Fault{Method: "POST", Path: "/channels/" + where.ID + "/messages"}
	switch o {
	case chattest.Later:
		f.Status, f.RetryAfter, f.Scope = 429, 500*time.Millisecond, "user"
	case chattest.Uncertain:
		f.Reset, f.After = true, true
	case chattest.Gone:
		f.Status, f.Code, f.Message = 403, 50001, "Missing Access"
	case chattest.Refused:
		f.Status, f.Code, f.Message = 400, 50035, "Invalid Form Body"
	default:
		return false
	}
	h.server.Fail(f)
	return true
}

func (h *harness) Delete(_ chat.Conversation, m chattest.Message) { h.server.DeleteMessage(m.ID) }

func (h *harness) Threaded() []chat.Conversation {
	at := func(id string) chat.Conversation { return chat.Conversation{Platform: "discord", ID: id} }
	return []chat.Conversation{at(room), at(forum)}
}

func (h *harness) Hinder(where chat.Conversation, a chattest.Action, o chattest.Outcome) bool {
	f := map[chattest.Action]discordtest.Fault{
		chattest.Editing: {Method: "PATCH", Path: "/channels/" + where.ID + "/messages/*"},
		chattest.Pinning: {Method: "PUT", Path: "/channels/" + where.ID + "/messages/pins/*"},
		chattest.Opening: {Method: "POST", Path: "/channels/" + where.ID + "/messages/*/threads"},
	}[a]
	switch {
	case o == chattest.Later:
		f.Status, f.RetryAfter, f.Scope = 429, 500*time.Millisecond, "user"
	case o == chattest.Uncertain:
		f.Reset, f.After = true, true
	case o == chattest.Gone:
		f.Status, f.Code, f.Message = 403, 50001, "Missing Access"
	case o == chattest.Refused && a == chattest.Editing:
		f.Status, f.Code, f.Message = 400, 50035, "Invalid Form Body"
	case o == chattest.Fixed:
		f.Status, f.Code, f.Message = 400, 50083, "Thread is archived"
	default:
		return false // nothing but a card can be refused
	}
	h.server.Fail(f)
	return true
}

func (h *harness) Refused() []string {
	var all []string
	for _, r := range h.server.Refused() {
		if strings.Contains(string(r.Answer), `"code":160004`) {
			continue // so a thread that may be open already is asked for
		}
		all = append(all, r.Method+" "+r.Route+": "+r.Problem)
	}
	return all
}

func (h *harness) Secrets() []string { return append(h.server.Tokens(), h.server.Token()) }

func (h *harness) Log() string { return h.log.String() }

var (
	_ chat.Deduplicator = (*discord.Discord)(nil)
	_ chattest.Tender   = (*harness)(nil)
	_ chattest.Filler   = (*harness)(nil)
)
