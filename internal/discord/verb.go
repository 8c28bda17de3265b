package discord

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A verb is what a request besides a post was to do.
type verb uint8

// The verbs.
const (
	toEdit verb = iota + 1
	toPin
	toUnpin
	toOpen // a thread
)

// The codes that mean more to one verb than to another
// (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
const (
	unknownAccount = 10001
	unknownChannel = 10003
	unknownGuild   = 10004
	unknownUser    = 10013
	tooManyPins    = 30003
	tooManyEdits   = 30046
	tagRequired    = 40067
	notOurs        = 50005
	systemMessage  = 50021
	wrongChannel   = 50024
	invalidBody    = 50035
	threadArchived = 50083
	noHistory      = 160002
	threadExists   = 160004
	tooManyThreads = 160006
)

// shortWait is for how long an edit of an old message is put off: Discord takes a few
// of them in a channel and names the wait for the next. It documents no numbers, and
// bots have seen some seconds
// (https://github.com/discord/discord-api-docs/issues/4413). What would take longer is
// told in another way.
const shortWait = time.Minute

// why says in plain words why a verb that Discord answered with a code can never be
// done; empty: it may be.
func (v verb) why(code int) string {
	switch code {
	case unknownMessage:
		return "the message was deleted"
	case threadArchived:
		return "the thread is archived"
	case notOurs, systemMessage:
		return "the message is not the bot's own"
	}
	switch v {
	case toEdit:
		if code == tooManyEdits {
			return "messages older than an hour have been edited too often there"
		}
	case toPin, toUnpin:
		switch code {
		case tooManyPins:
			return "no more messages can be pinned there"
		case missingPermissions:
			return "the bot may not pin messages (PIN_MESSAGES)"
		case threadLocked:
			return "the thread is locked"
		case wrongChannel:
			return "nothing can be pinned there"
		}
	case toOpen:
		switch code {
		case missingPermissions:
			return "the bot may not create threads (CREATE_PUBLIC_THREADS)"
		case wrongChannel:
			return "a channel of this type has no threads"
		case tooManyThreads:
			return "the server has too many active threads"
		case tagRequired:
			return "the forum wants every post to have a tag"
		}
	}
	return ""
}

// outcome is what an error of a verb with so many bytes of text comes to: that of a
// post, except where it can never be done.
func (v verb) outcome(err error, bytes int) error {
	var api *apiError
	if errors.As(err, &api) && api.decides() {
		if v == toUnpin && api.Code == unknownMessage {
			return nil // what is deleted is pinned no more
		}
		if v == toEdit && api.Code == tooManyEdits && api.After > 0 && api.After <= shortWait {
			return &chat.Later{After: api.After, Err: err}
		}
		if why := v.why(api.Code); why != "" {
			return &chat.Fixed{Err: fmt.Errorf("%s: %w", why, err)}
		}
	}
	out := outcome(err, bytes)
	var (
		refused *chat.Refused
		gone    *chat.Gone
	)
	switch {
	case v == toEdit:
	case errors.As(out, &refused) && bytes == 0:
		// There is no card in it that could be wrong.
		return &chat.Fixed{Err: err}
	case errors.As(out, &gone) && !lost(api):
		// That it cannot be done says nothing about posting.
		return &chat.Fixed{Err: err}
	}
	return out
}

// lost says whether an answer means that the channel is closed to the bot for
// everything, and not only for what was asked.
func lost(e *apiError) bool {
	switch e.Code {
	case unknownAccount, unknownChannel, unknownGuild, missingAccess, unknownUser:
		return true
	}
	return false
}

// decides says whether an answer's code says more than its status: not where Discord
// refuses the token or asks to wait, but it asks so for old messages too.
func (e *apiError) decides() bool {
	return e.JSON && !e.denies() && (e.Status != http.StatusTooManyRequests || e.Code == tooManyEdits)
}
