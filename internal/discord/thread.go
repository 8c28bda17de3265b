package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// What cannot be done whatever Discord says.
var (
	errNoMessage  = errors.New("this names no message of Discord's")
	errNested     = &chat.Fixed{Err: errors.New("a thread holds no threads")}
	errDirect     = &chat.Fixed{Err: errors.New("a direct chat has no threads")}
	errThreadless = &chat.Fixed{Err: errors.New("a channel of this type has no threads")}
)

// The limits of a thread
// (https://discord.com/developers/docs/resources/channel#start-thread-from-message).
const (
	maxThreadName = 100
	archiveAfter  = 7 * 24 * 60 // minutes without a message, the longest there is
)

// An opening is the body that starts a thread from a message.
type opening struct {
	Name         string   `json:"name"`
	ArchiveAfter int      `json:"auto_archive_duration"`
	Message      *message `json:"message,omitempty"` // of a forum's post
}

// OpenThread starts a thread from a message that shows the card, or a post in a
// forum. A thread started from a message has that message's id, so that one key
// cannot start two for as long as the nonce is remembered or the process lives. A
// forum knows no keys: a post that stands there already, and was opened for no other key
// in this process, is found by its name, for as long as it is new.
func (d *Discord) OpenThread(ctx context.Context, in chat.Conversation, name string, c chat.Card, key string) (chat.Conversation, error) {
	if err := d.check(in); err != nil {
		return chat.Conversation{}, err
	}
	o := opening{Name: clipText(oneLine(name), maxThreadName), ArchiveAfter: archiveAfter}
	if !visible(o.Name) {
		o.Name = "…"
	}
	if !visible(c.Plain()) {
		c.Title = o.Name
	}
	id, guild, err := d.open(ctx, in, o, c, key)
	if err != nil {
		return chat.Conversation{}, d.noted(ctx, in.ID, err)
	}
	d.told.place(id, guild)
	return conversation(id), nil
}

// open opens a thread the way that its channel has it. Its error is an outcome.
func (d *Discord) open(ctx context.Context, in chat.Conversation, o opening, c chat.Card, key string) (id, guild string, err error) {
	at, err := d.look(ctx, in.ID)
	if err != nil {
		return "", "", outcome(err, 0)
	}
	switch {
	case isThread(at.Type):
		return "", "", errNested
	case at.GuildID == "":
		return "", "", errDirect
	case at.Type == forumChannel || at.Type == mediaChannel:
		id, err = d.openPost(ctx, at, o, c, key)
	case at.Type == textChannel || at.Type == announcementChannel:
		id, err = d.openFrom(ctx, in, at, o, c, key)
	default:
		err = errThreadless
	}
	return id, at.GuildID, err
}

// openFrom posts the card and starts a thread from it.
func (d *Discord) openFrom(ctx context.Context, in chat.Conversation, at channel, o opening, c chat.Card, key string) (string, error) {
	has, _, err := d.permissions(ctx, at)
	if err != nil {
		return "", outcome(err, 0)
	}
	for _, n := range []need{{createThreads, "CREATE_PUBLIC_THREADS"}, {sendInThreads, "SEND_MESSAGES_IN_THREADS"}} {
		if has&n.permission == 0 {
			return "", &chat.Fixed{Err: fmt.Errorf("the bot may not open threads and write there: it lacks %s", n.name)}
		}
	}
	name := in.ID + " " + key
	starter := d.starters.of(name)
	if starter == "" {
		id, err := d.Send(ctx, in, c, key)
		if err != nil {
			return "", err
		}
		if id == "" {
			// Somebody deleted it, and its nonce brings it back no more until it is forgotten.
			return "", &chat.Later{After: d.Dedupes(), Err: errors.New("the message to start a thread from was deleted")}
		}
		starter = string(id)
		d.starters.keep(name, starter)
	}
	return d.start(ctx, in.ID, name, starter, o)
}

// start starts a thread from a message of ours, which goes again if there can be none.
func (d *Discord) start(ctx context.Context, channel, name, starter string, o opening) (string, error) {
	message := "/channels/" + channel + "/messages/" + starter
	failed := d.rest.do(ctx, http.MethodPost, message+"/threads", o, nil)
	switch codeOf(failed) {
	case threadExists:
		failed = nil
	case unknownMessage:
		d.starters.forget(name)
		return "", &chat.Later{Err: fmt.Errorf("the message to start a thread from was deleted: %w", failed)}
	}
	err := toOpen.outcome(failed, 0)
	var fixed *chat.Fixed
	switch {
	case err == nil:
		return starter, nil
	case errors.As(err, &fixed):
		// It announces a thread that does not come.
		if e := d.rest.do(ctx, http.MethodDelete, message, nil, nil); e != nil && codeOf(e) != unknownMessage {
			d.logger.Warn("a message that announces a thread stays without one", "channel", channel, "message", starter, "error", e)
		}
		d.starters.forget(name)
	}
	return "", err
}

// openPost creates a post in a forum with the card as its first message, unless that
// was done.
func (d *Discord) openPost(ctx context.Context, at channel, o opening, c chat.Card, key string) (string, error) {
	name := at.ID + " " + key
	id := d.starters.of(name)
	if id == "" {
		var err error
		if id, err = d.findPost(ctx, at, o.Name); err != nil {
			return "", outcome(err, 0)
		}
	}
	if id == "" {
		var err error
		if id, err = d.createPost(ctx, at, o, c); err != nil {
			return "", err
		}
	}
	d.starters.keep(name, id)
	return id, nil
}

// createPost creates a post in a forum. Its error is an outcome.
func (d *Discord) createPost(ctx context.Context, at channel, o opening, c chat.Card) (string, error) {
	post := func(c chat.Card) (string, error) {
		m := compose(c, "")
		o.Message = &m
		var made channel
		err := d.rest.message(ctx, http.MethodPost, "/channels/"+at.ID+"/threads", o, m.picture, &made)
		if err == nil && made.ID == "" {
			err = &wireError{Wrote: true, Err: errors.New("the answer names no thread")}
		}
		return made.ID, toOpen.outcome(err, m.text())
	}
	id, err := post(c)
	if c.Picture != nil && refusesFile(err) {
		return post(pictureless(c))
	}
	return id, err
}

// newPost is how long a post of a forum is taken for the one that is to be opened.
const newPost = 15 * time.Minute

// findPost returns the bot's own post of a name in a forum that was opened just now,
// by a try whose answer was lost, and for no other key that is known; empty: there is
// none.
func (d *Discord) findPost(ctx context.Context, at channel, name string) (string, error) {
	self, err := d.self(ctx)
	if err != nil {
		return "", err
	}
	var active struct {
		Threads []struct {
			channel
			OwnerID  string `json:"owner_id"`
			Metadata struct {
				Created time.Time `json:"create_timestamp"`
			} `json:"thread_metadata"`
		} `json:"threads"`
	}
	if err := d.rest.do(ctx, http.MethodGet, "/guilds/"+at.GuildID+"/threads/active", nil, &active); err != nil {
		return "", err
	}
	for _, t := range active.Threads {
		same := t.ParentID == at.ID && t.OwnerID == self && strings.TrimSpace(t.Name) == strings.TrimSpace(name)
		if same && time.Since(t.Metadata.Created) < newPost && !d.starters.knows(t.ID) {
			return t.ID, nil
		}
	}
	return "", nil
}

// starters are the messages that threads are started from, and the posts of forums, by
// channel and key. Memory is enough: their nonces and names find them again for a
// while. They are safe for use by many.
type starters struct {
	mu    sync.Mutex
	known map[string]string
}

func (s *starters) of(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[name]
}

// knows says whether a message or post belongs to a key.
func (s *starters) knows(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.known {
		if known == id {
			return true
		}
	}
	return false
}

func (s *starters) keep(name, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxTold {
		s.known = map[string]string{}
	}
	s.known[name] = id
}

func (s *starters) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, name)
}
