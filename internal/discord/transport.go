package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// libraryBase is where the library believes Discord to be.
const libraryBase = "https://discord.com/api/v9"

// requestTimeout is how long a request may take once its turn has come.
const requestTimeout = 15 * time.Second

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 8 << 20

// An apiError is an answer of Discord's that says no.
type apiError struct {
	Status  int
	Code    int           // the JSON error code, zero if there is none
	Message string        // as Discord puts it
	JSON    bool          // the answer came from the API itself, not from something before it
	After   time.Duration // of a 429: how long to wait
	Scope   string        // of a 429: user, global, shared
}

func (e *apiError) Error() string {
	s := fmt.Sprintf("Discord answered %d", e.Status)
	if e.Code != 0 {
		s += fmt.Sprintf(" (code %d)", e.Code)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// A wireError is a request that got no answer.
type wireError struct {
	Wrote bool // it may have arrived
	Err   error
}

func (e *wireError) Error() string { return "reaching Discord: " + e.Err.Error() }
func (e *wireError) Unwrap() error { return e.Err }

// A transport is the one way out for every request of the library. It sends them
// to the configured address and nowhere else, has them wait for their turn,
// obeys what answers say about limits and hides that from the library, whose own
// limiter would sleep where nobody can wake it. An answer other than a success
// becomes an [apiError], before the library tries to decode it.
type transport struct {
	base  *url.URL
	next  http.RoundTripper
	pacer *pacer
	// denied is called when Discord refuses the token.
	denied func(error)
	// limit is what the last answer about the gateway said.
	limit atomic.Pointer[startLimit]
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	path, inside := strings.CutPrefix(req.URL.EscapedPath(), "/api/v9")
	if !inside || req.URL.Scheme != "https" || req.URL.Host != "discord.com" {
		closeBody(req)
		return nil, fmt.Errorf("refusing a request to %s, which is not Discord's API", req.URL.Host)
	}
	if path == "/gateway" {
		path = "/gateway/bot"
	}
	kind, route, major := routeOf(req.Method, path)
	release, err := t.pacer.acquire(req.Context(), kind, route, major)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, body, err := t.exchange(req, path)
	release(resp)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, t.refusal(resp, body, kind, route, major)
	}
	if resp.StatusCode != http.StatusNoContent && len(body) > 0 && !json.Valid(body) {
		t.pacer.foreign(true)
		return nil, &wireError{Wrote: true, Err: errors.New("the answer is not Discord's: it is no JSON")}
	}
	t.pacer.genuine()
	if path == "/gateway/bot" {
		t.limit.Store(readStartLimit(body))
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			resp.Header.Del(name)
		}
	}
	if resp.StatusCode != http.StatusNoContent {
		resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// exchange sends a request to the configured address and reads its answer whole.
func (t *transport) exchange(req *http.Request, path string) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
	defer cancel()
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// From here on the request may be on its way.
		WroteHeaderField: func(string, []string) { wrote.Store(true) },
	})
	out := req.Clone(ctx)
	target, err := url.Parse(strings.TrimSuffix(t.base.String(), "/") + path)
	if err != nil {
		closeBody(req)
		return nil, nil, errors.New("the path of the request is not one")
	}
	target.RawQuery = req.URL.RawQuery
	out.URL, out.Host = target, target.Host
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		return nil, nil, &wireError{Wrote: wrote.Load(), Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, nil, &wireError{Wrote: true, Err: err}
	}
	return resp, body, nil
}

// refusal reads an answer that says no, and has its consequences.
func (t *transport) refusal(resp *http.Response, body []byte, kind class, route, major string) error {
	e := readError(resp, body)
	t.pacer.count(e)
	switch {
	case e.JSON && e.Code == tooManyEdits:
		// That limits the edits of old messages alone, and not the bucket.
		t.pacer.genuine()
	case e.Status == http.StatusTooManyRequests:
		t.pacer.hold(e, route, major)
	case e.JSON:
		t.pacer.genuine()
	default:
		t.pacer.foreign(false)
	}
	// The paths of answers hold a token of their own: a 401 there says nothing
	// about the bot's.
	if kind != answer && e.denies() {
		t.denied(e)
	}
	return e
}

func readError(resp *http.Response, body []byte) *apiError {
	e := &apiError{Status: resp.StatusCode, Scope: resp.Header.Get("X-RateLimit-Scope")}
	var said struct {
		Code       int             `json:"code"`
		Message    string          `json:"message"`
		RetryAfter float64         `json:"retry_after"`
		Global     bool            `json:"global"`
		Errors     json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &said) == nil {
		e.JSON, e.Code, e.Message = true, said.Code, said.Message
		if len(said.Errors) > 0 {
			e.Message += " " + string(said.Errors[:min(len(said.Errors), 500)])
		}
		e.After = seconds(said.RetryAfter)
		if said.Global {
			e.Scope = "global"
		}
	}
	if n, err := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64); err == nil && e.After == 0 {
		e.After = seconds(n)
	}
	return e
}

// seconds is n seconds as a wait: none if that is no number, a day at most.
func seconds(n float64) time.Duration {
	const most = 24 * time.Hour
	switch {
	case !(n > 0):
		return 0
	case n > most.Seconds():
		return most
	}
	return time.Duration(n * float64(time.Second))
}

// routeOf tells what a request is for, its route, and the major id by which its
// limits are counted
// (https://discord.com/developers/docs/topics/rate-limits#rate-limits).
func routeOf(method, path string) (kind class, route, major string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	template := make([]string, len(parts))
	for i, p := range parts {
		template[i] = p
		if i > 0 && (isID(p) || len(p) > 40) {
			template[i] = ":id"
		}
	}
	switch parts[0] {
	case "interactions":
		kind = answer
		major = at(parts, 1)
		if len(template) > 2 {
			template[2] = ":token"
		}
	case "webhooks":
		kind = answer
		major = at(parts, 1) + "/" + at(parts, 2)
		if len(template) > 2 {
			template[2] = ":token"
		}
	case "channels", "guilds":
		major = at(parts, 1)
		if parts[0] == "channels" && method != http.MethodGet {
			kind = digest
		}
	}
	return kind, method + " /" + strings.Join(template, "/"), major
}

func at(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// isID says whether s has the form of Discord's ids.
func isID(s string) bool {
	if len(s) == 0 || len(s) > 20 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
