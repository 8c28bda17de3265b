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

func outcomeOf(e *apiError, bytes int) error {
	switch e.Code {
	case 20016, 20022, 20028, 20029, 30046, 40004, 40062, 40333, 110001, 130000:
		return &chat.Later{After: e.After, Err: e}
	case 10003, 10004, missingAccess, 50007, 50008, missingPermissions, 50083, 160002, 160005:
		return &chat.Gone{Err: e}
	case 40001:
		return &chat.Later{Everyone: true, Err: e}
	case 10008:
		// The answer to a nonce whose message was posted and then deleted
		// (https://github.com/discord/discord-api-docs/issues/6647): it was sent.
		return nil
	case 50006, 50035, 50109, 40005, 200000:
		return &chat.Refused{Err: e}
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		return &chat.Later{Everyone: true, Err: e}
	case e.Status == http.StatusTooManyRequests:
		return &chat.Later{After: e.After, Everyone: !e.JSON || e.Scope == "global", Err: e}
	case e.Status >= 500 && bytes > maxBytes:
		// Discord fails on long texts in this way, however often they are sent.
		return &chat.Refused{Err: e}
	case e.Status >= 500, e.Status == http.StatusRequestTimeout, e.Status >= 300 && e.Status < 400, !e.JSON:
		return &chat.Later{After: e.After, Err: e}
	case e.Status == http.StatusForbidden:
		return &chat.Gone{Err: e}
	case e.Status == http.StatusNotFound:
		// No code: the path is unknown, so the base address is wrong.
		return &chat.Later{Everyone: true, Err: e}
	}
	return &chat.Refused{Err: e}
}
