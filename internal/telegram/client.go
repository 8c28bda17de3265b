package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// How long a call may take. A long poll is answered after at most pollTimeout
// (https://core.telegram.org/bots/api#getupdates; the server clamps to 50 s). It is
// short enough that one whose connection died unseen is over within a minute.
const (
	callTimeout = 15 * time.Second
	pollTimeout = 30 * time.Second
	pollGrace   = 15 * time.Second
)

// maxAnswer is how much of an answer is read; the server keeps getUpdates under
// 4 MB.
const maxAnswer = 8 << 20

// A client makes requests through the library and says what became of them. The
// library knows neither contexts nor statuses, and puts the token into transport
// errors; all that is mended here.
type client struct {
	endpoint string // with a %s for the token and one for the method
	token    string
	redact   *strings.Replacer
	http     *http.Client
}

func newClient(base, token string, transport http.RoundTripper) *client {
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.MaxIdleConnsPerHost = 2 * workers
		// A connection that died unseen must not be used for the many minutes until
		// the system notices.
		own.HTTP2 = &http.HTTP2Config{SendPingTimeout: callTimeout, PingTimeout: callTimeout / 2}
		own.DialContext = (&net.Dialer{Timeout: callTimeout / 2, KeepAlive: callTimeout}).DialContext
		transport = own
	}
	_, secret, _ := strings.Cut(token, ":")
	return &client{
		endpoint: base + "/bot%s/%s",
		token:    token,
		redact:   strings.NewReplacer(token, "[token]", url.PathEscape(token), "[token]", url.QueryEscape(token), "[token]", secret, "[token]"),
		http: &http.Client{
			Transport: transport,
			// A redirect would carry the token to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// call asks method of the service and decodes its result into result, unless that
// is nil. Its error is a *fault.
func (c *client) call(ctx context.Context, method string, params tgbotapi.Params, result any) error {
	return c.callWithin(ctx, callTimeout, method, params, result)
}

func (c *client) callWithin(ctx context.Context, limit time.Duration, method string, params tgbotapi.Params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	x := &exchange{ctx: ctx, http: c.http}
	bot := &tgbotapi.BotAPI{Token: c.token, Client: x}
	bot.SetAPIEndpoint(c.endpoint)
	answer, err := bot.MakeRequest(method, params)
	if err != nil {
		return x.fault(c, method, err)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return x.fault(c, method, fmt.Errorf("decoding the result: %w", err))
	}
	return nil
}

// An exchange carries one request: it is the library's HTTP client for it, and
// remembers what the library does not.
type exchange struct {
	ctx        context.Context
	http       *http.Client
	written    atomic.Bool // the request may have reached the service
	status     int         // zero: no answer came
	json       bool        // the answer is whole and JSON
	retryAfter time.Duration
}

// Do sends the request and reads the whole answer.
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{WroteHeaders: func() { x.written.Store(true) }}
	resp, err := x.http.Do(req.WithContext(httptrace.WithClientTrace(x.ctx, trace)))
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the rest is the address, with the token
		}
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	x.status = resp.StatusCode
	x.retryAfter = retryHeader(resp.Header.Get("Retry-After"))
	var envelope struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(data, &envelope) != nil || envelope.OK == nil {
		return nil, fmt.Errorf("answer %s is not the Bot API's", http.StatusText(x.status))
	}
	x.json = true
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// retryHeader reads a Retry-After header: seconds, or a date, which proxies write.
func retryHeader(text string) time.Duration {
	if s, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(s, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// fault says what became of a request that failed.
func (x *exchange) fault(c *client, method string, err error) *fault {
	f := &fault{method: method, status: x.status, written: x.written.Load(), service: x.json, retryAfter: x.retryAfter, redact: c.redact, err: err}
	var said *tgbotapi.Error
	if !errors.As(err, &said) {
		return f
	}
	f.said = true
	f.text = strings.ToLower(said.Message)
	f.migrateTo = said.MigrateToChatID
	if said.Code != 0 {
		f.status = said.Code
	}
	if said.RetryAfter > 0 {
		f.retryAfter = time.Duration(said.RetryAfter) * time.Second
	}
	return f
}
