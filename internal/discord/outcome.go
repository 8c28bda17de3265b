package discord

import (
	"errors"
	"net/http"

	"github.com/briefbot/briefbot/internal/chat"
)

// The codes of a place that refuses the bot.
const (
	missingAccess      = 50001
	missingPermissions = 50013
	threadLocked       = 160005
)

// codeOf is the JSON code of an error that Discord answered with, zero for any
// other.
func codeOf(err error) int {
	var api *apiError
	if errors.As(err, &api) {
		return api.Code
	}
	return 0
}

// outcome turns the error of posting a message with so many bytes of text into
// one of chat's outcomes, nil for nil. The codes are those of
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json.
func outcome(err error, bytes int) error {
	var (
		api   *apiError
		wire  *wireError
		paced *errPaced
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		return outcomeOf(api, bytes)
	case errors.As(err, &wire):
		if wire.Wrote {
			return &chat.Uncertain{Err: wire}
		}
		return &chat.Later{Err: wire}
	case errors.As(err, &paced):
		return &chat.Later{After: paced.after, Everyone: paced.everyone, Err: paced}
	}
	// Nothing was sent: the context ended first, or the transport refused.
	return &chat.Later{Err: err}
}

// outcomeOf judges an answer that says no: what the status alone decides, then the
// code, then what is left of the status.
func outcomeOf(e *apiError, bytes int) error {
	switch {
	case e.denies():
		return &chat.Later{Everyone: true, Err: e}
	case e.Status == http.StatusTooManyRequests:
		return &chat.Later{After: e.After, Everyone: !e.JSON || e.Scope == "global", Err: e}
	case !e.JSON:
		// It comes from something before the API, which may think better of it.
		return &chat.Later{After: e.After, Err: e}
	}
	switch e.Code {
	case 20016, 20022, 20028, 20029, 30037, 30040, 30042, 30046, 40003, 40004, 40006, 40062, 40333,
		110000, 110001, 130000, 160006, 160007:
		// Limits of a time, and what is switched off for a time.
		return &chat.Later{After: e.After, Err: e}
	case 40002, 50010, 50041:
		// The application itself may not, or speaks to the wrong address.
		return &chat.Later{Everyone: true, Err: e}
	case 10001, 10003, 10004, 10007, 10013, 20024, 40007, 40058, 40067, missingAccess, 50007, 50008, 50009,
		missingPermissions, 50024, 50083, 50095, 50278, 60003, 160002, threadLocked:
		return &chat.Gone{Err: e}
	case 10008:
		// The answer to a nonce whose message was posted and then deleted
		// (https://github.com/discord/discord-api-docs/issues/6647): it was sent.
		return nil
	case 20001, 20002, 20009, 20031, 40005, 50006, 50035, 50045, 50046, 50109, 50110, 50123, 200000, 200001, 240000, 400001:
		return &chat.Refused{Err: e}
	}
	return outcomeOfStatus(e, bytes)
}

// outcomeOfStatus judges an answer whose code says nothing about posting.
func outcomeOfStatus(e *apiError, bytes int) error {
	switch e.Status {
	case http.StatusNotFound:
		if e.Code != 0 {
			return &chat.Gone{Err: e}
		}
		// No code: the path is unknown, so the base address is wrong.
		return &chat.Later{Everyone: true, Err: e}
	case http.StatusMethodNotAllowed:
		return &chat.Later{Everyone: true, Err: e}
	case http.StatusForbidden:
		return &chat.Gone{Err: e}
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusTooEarly:
		return &chat.Later{After: e.After, Err: e}
	}
	switch {
	case e.Status >= 500 && bytes > maxBytes:
		// Discord fails on long texts in this way, however often they are sent.
		return &chat.Refused{Err: e}
	case e.Status < 400, e.Status >= 500:
		return &chat.Later{After: e.After, Err: e}
	}
	return &chat.Refused{Err: e}
}

// denies says whether Discord refuses the bot's token. What stands before the API
// may answer 401 for reasons of its own.
func (e *apiError) denies() bool {
	return e.JSON && (e.Status == http.StatusUnauthorized || e.Code == 40001 || e.Code == 50014)
}

// refusesFile says whether an answer may be about an attached file alone.
func refusesFile(err error) bool {
	switch codeOf(err) {
	case missingPermissions, 40005, 50045, 50046, 50110, 50123, 400001:
		return true
	}
	return false
}
