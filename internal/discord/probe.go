package discord

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// refused takes note that a channel refused the bot.
func (r *roster) refused(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost[channel] = true
	delete(r.open, channel)
}

// used takes note that a channel takes what the bot posts.
func (r *roster) used(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) >= maxTold {
		clear(r.open)
	}
	if !r.lost[channel] {
		r.open[channel] = true
	}
}

// accepted takes note that a channel lets the bot in again.
func (r *roster) accepted(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lost, channel)
	r.open[channel] = true
}

// forget drops a channel that is no more.
func (r *roster) forget(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lost, channel)
	delete(r.open, channel)
}

// standing says whether a channel refused the bot, and whether it took what it posted.
func (r *roster) standing(channel string) (lost, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost[channel], r.open[channel]
}

// wasRefused says whether a channel refused the bot, and did not let it in since.
func (r *roster) wasRefused(channel string) bool {
	lost, _ := r.standing(channel)
	return lost
}

// probeAfter is how long changes of roles are collected: sorting them changes each.
const probeAfter = 2 * time.Second

// probeSoon looks at the channels of a guild that matter, once for all changes of its
// roles that come together.
func (r *roster) probeSoon(ctx context.Context, guild string) {
	if r.due[guild] {
		return
	}
	r.due[guild] = true
	r.soon(probeAfter, func() {
		delete(r.due, guild)
		for c := range r.guilds[guild] {
			r.probe(ctx, c)
		}
	})
}

// probeLost looks again at the channels of a guild that refused the bot.
func (r *roster) probeLost(ctx context.Context, guild string) {
	for c := range r.guilds[guild] {
		if r.wasRefused(c) {
			r.probe(ctx, c)
		}
	}
}

// probeThreads looks at the threads of a channel, whose permissions are its own.
func (r *roster) probeThreads(ctx context.Context, guild, channel string) {
	for thread, of := range r.guilds[guild] {
		if of == channel {
			r.probe(ctx, thread)
		}
	}
}

// probe looks at a channel that refused the bot, or took what it posted, and tells
// when that has changed.
func (r *roster) probe(ctx context.Context, channel string) {
	lost, open := r.standing(channel)
	if !lost && !open {
		return
	}
	s, err := r.survey(ctx, channel)
	switch closed := whyClosed(s, err); {
	case closed == "" && lost && err == nil:
		r.accepted(channel)
		r.tell(ctx, chat.Event{Kind: chat.Back, Where: conversation(channel), Room: s.Room})
	case closed != "" && open:
		r.refused(channel)
		r.tell(ctx, chat.Event{Kind: chat.Lost, Where: conversation(channel), Reason: closed, Room: s.Room})
	}
}

// whyClosed says why the bot may not post in a channel, by what a survey came to;
// empty: it may, or that cannot be told now.
func whyClosed(s chat.Survey, err error) string {
	var gone *chat.Gone
	switch {
	case err == nil && s.CanPost:
		return ""
	case err == nil && slices.Equal(s.Missing, []string{"MANAGE_THREADS"}):
		return "the thread is locked, and the bot lacks MANAGE_THREADS"
	case err == nil:
		return "the bot lacks " + strings.Join(s.Missing, ", ")
	case codeOf(err) == missingAccess:
		return "the bot cannot see the channel (VIEW_CHANNEL)"
	case errors.As(outcome(err, 0), &gone):
		return gone.Err.Error()
	}
	return ""
}
