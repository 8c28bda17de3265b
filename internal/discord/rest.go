package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/briefbot/briefbot/internal/chat"
)

// A rest makes requests to Discord's REST interface through the library, in one
// form for all. It is safe for use by many goroutines.
type rest struct {
	session   *discordgo.Session
	transport *transport
	token     string
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

func newREST(token, api string, dial dialer, denied func(error)) (*rest, error) {
	base, err := url.Parse(api)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil || base.RawQuery != "" {
		return nil, errors.New("discord.api is not the base URL of an API: write it like https://discord.com/api/v10")
	}
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = 64
	if dial != nil {
		next.DialContext = dial
	}
	t := &transport{base: base, next: next, pacer: newPacer(), denied: denied}
	s, err := newSession(token, t)
	if err != nil {
		return nil, err
	}
	return &rest{session: s, transport: t, token: token}, nil
}

// newSession returns a library session that neither repeats, nor sleeps, nor
// keeps state, nor logs.
func newSession(token string, t http.RoundTripper) (*discordgo.Session, error) {
	s, err := discordgo.New("Bot " + token)
	if err != nil {
		return nil, fmt.Errorf("making a Discord session: %w", err)
	}
	s.Client = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.UserAgent = "DiscordBot (https://github.com/briefbot/briefbot, 1)"
	s.MaxRestRetries = 0
	s.ShouldRetryOnRateLimit = false
	s.StateEnabled = false
	s.LogLevel = -1
	return s, nil
}

// do makes one request. in is the body, nil for none; out takes the answer, nil
// to leave it. Its error is an [apiError], a [wireError], an [errPaced] or the
// context's, and holds neither token nor path.
func (r *rest) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = encode(in); err != nil {
			return err
		}
	}
	return r.send(ctx, method, path, "application/json", body, out)
}

func (r *rest) send(ctx context.Context, method, path, contentType string, body []byte, out any) error {
	// A limiter of its own for each request: the library's would have requests of
	// one bucket wait for each other, and keep every bucket for ever.
	bucket := discordgo.NewRatelimiter().LockBucket("x")
	answer, err := r.session.RequestWithLockedBucket(method, libraryBase+path, contentType, body, bucket, 0, discordgo.WithContext(ctx))
	if err != nil {
		return r.plain(err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		// It was a success all the same, so that it must not be sent again.
		return &wireError{Wrote: true, Err: fmt.Errorf("decoding Discord's answer: %w", err)}
	}
	return nil
}

// plain strips an error of everything that names an address or a token.
func (r *rest) plain(err error) error {
	var api *apiError
	if errors.As(err, &api) {
		clean := *api
		clean.Message = strings.ReplaceAll(clean.Message, r.token, "[token]")
		return &clean
	}
	var wire *wireError
	if errors.As(err, &wire) {
		return wire
	}
	var paced *errPaced
	if errors.As(err, &paced) {
		return paced
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// close lets go of idle connections.
func (r *rest) close() {
	if t, ok := r.transport.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// encode writes v as JSON without escaping what only HTML would need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a body: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A startLimit is how many sessions may still be begun
// (https://discord.com/developers/docs/events/gateway#session-start-limit-object).
type startLimit struct {
	Total      int           `json:"total"`
	Remaining  int           `json:"remaining"`
	ResetAfter time.Duration `json:"-"`
	Shards     int           `json:"-"`
}

func readStartLimit(body []byte) *startLimit {
	var said struct {
		Shards int `json:"shards"`
		Limit  *struct {
			startLimit
			Millis int64 `json:"reset_after"`
		} `json:"session_start_limit"`
	}
	if json.Unmarshal(body, &said) != nil || said.Limit == nil {
		return nil
	}
	l := said.Limit.startLimit
	l.ResetAfter, l.Shards = time.Duration(said.Limit.Millis)*time.Millisecond, said.Shards
	return &l
}

// message sends a body that holds a message, with its picture where it has one.
func (r *rest) message(ctx context.Context, method, path string, body any, picture *chat.Picture, out any) error {
	if picture == nil {
		return r.do(ctx, method, path, body, out)
	}
	file := &discordgo.File{Name: picture.Name, ContentType: picture.Type, Reader: bytes.NewReader(picture.Data)}
	contentType, form, err := discordgo.MultipartBodyWithJSON(body, []*discordgo.File{file})
	if err != nil {
		return fmt.Errorf("encoding a picture: %w", err)
	}
	return r.send(ctx, method, path, contentType, form, out)
}
