package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
)

// What a webhook may send, and how long that may take. GitHub sends at most 25 MB
// (https://docs.github.com/webhooks/webhook-events-and-payloads) and waits ten seconds for
// the answer, GitLab as much and as long
// (https://docs.gitlab.com/administration/instance_limits/#webhooks).
const (
	hookBytes = 25 << 20
	hookTime  = 10 * time.Second
	// refusedEvery is how often webhooks that were refused are logged.
	refusedEvery = time.Minute
)

// signingPrefix begins the signing tokens of GitLab; the key follows in base 64.
const signingPrefix = "whsec_"

// A hook takes the webhooks of the repository of the briefs. A valid one asks for a
// fetch, and nothing in it is believed: one that is sent again, or at another time, is
// as harmless as the first, and whoever guessed the secret could do no more than that.
type hook struct {
	secret  []byte
	signing []byte // the key of a GitLab signing token; nil: the secret is none
	fetch   func()
	refused refusals
}

// newHook returns the hook with a secret, nil where it is empty.
func newHook(secret string, fetch func()) (*hook, error) {
	if secret == "" {
		return nil, nil
	}
	h := &hook{secret: []byte(secret), fetch: fetch}
	if key, ok := strings.CutPrefix(secret, signingPrefix); ok {
		var err error
		if h.signing, err = base64.StdEncoding.DecodeString(key); err != nil || len(h.signing) == 0 {
			return nil, errors.New("the webhook secret begins like a signing token of GitLab and is not a whole one: copy it again, or choose another secret")
		}
	}
	return h, nil
}

// hooked answers a webhook. It looks neither at who sends it nor from where: the
// signature alone counts.
func (w *Web) hooked(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		rw.Header().Set("Allow", "POST")
		http.Error(rw, "This address takes POST.", http.StatusMethodNotAllowed)
		return
	}
	_ = http.NewResponseController(rw).SetReadDeadline(time.Now().Add(hookTime)) // the server's own holds where this cannot be set
	r.Body = http.MaxBytesReader(rw, r.Body, hookBytes)
	reason, err := w.hook.judge(r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(rw, "This webhook is too large.", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(rw, "This webhook did not arrive whole.", http.StatusBadRequest)
	case reason != "":
		w.refuse(rw, r, reason)
	case isPing(r.Header):
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(rw, "Hello. The secret is right: a push is fetched as soon as it is told of here.")
	default:
		w.options.Logger.Debug("a webhook asks for a fetch", "from", r.RemoteAddr)
		w.hook.fetch()
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		rw.WriteHeader(http.StatusAccepted)
		fmt.Fprintln(rw, "Thank you. The briefs are fetched in a moment.")
	}
}

// refuse answers a webhook without a valid signature, always alike. The reason is for
// the log, and neither has anything of what was sent.
func (w *Web) refuse(rw http.ResponseWriter, r *http.Request, reason string) {
	if before, ok := w.hook.refused.again(w.options.Now()); ok {
		w.options.Logger.Warn("a webhook was refused", "reason", reason, "from", r.RemoteAddr, "refused before without a word", before)
	}
	http.Error(rw, "This webhook is not signed as it should be.", http.StatusForbidden)
}

// isPing reports whether a webhook only tries whether it arrives.
func isPing(h http.Header) bool { return h.Get("X-GitHub-Event") == "ping" }

// judge reads a webhook and returns why it is not valid, or the empty string. Every
// signature that it carries must be right, and one at least. The error is that it could
// not be read.
func (h *hook) judge(r *http.Request) (reason string, err error) {
	marks := marksOf(r.Header)
	if len(marks) == 0 {
		return "it carries no signature", nil
	}
	s := h.sums(r.Header)
	if _, err := io.Copy(s.writer(), r.Body); err != nil {
		return "", err
	}
	for _, m := range marks {
		if !m.valid(h, s, m.value) {
			return m.header + " is not that of the secret", nil
		}
	}
	return "", nil
}

// A mark is a header by which a webhook proves that its sender knows the secret.
type mark struct {
	header string
	valid  func(h *hook, s *sums, value string) bool
	value  string
}

// marksOf returns the marks among the headers.
func marksOf(h http.Header) (found []mark) {
	for _, m := range []mark{
		// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
		{header: "X-Hub-Signature-256", valid: func(_ *hook, s *sums, value string) bool {
			digest, ok := strings.CutPrefix(value, "sha256=")
			return ok && s.signs(digest)
		}},
		// https://docs.gitea.com/usage/webhooks
		{header: "X-Gitea-Signature", valid: func(_ *hook, s *sums, value string) bool { return s.signs(value) }},
		// https://forgejo.org/docs/latest/user/webhooks/
		{header: "X-Forgejo-Signature", valid: func(_ *hook, s *sums, value string) bool { return s.signs(value) }},
		// https://docs.gitlab.com/user/project/integrations/webhooks/
		{header: "X-Gitlab-Token", valid: func(h *hook, _ *sums, value string) bool { return h.isSecret(value) }},
		{header: "Webhook-Signature", valid: func(_ *hook, s *sums, value string) bool { return s.listed(value) }},
	} {
		for _, m.value = range h.Values(m.header) {
			found = append(found, m)
		}
	}
	return found
}

// isSecret compares in a time that tells nothing, not even the length.
func (h *hook) isSecret(given string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256(h.secret)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Sums are the digests that a webhook may be signed with, made while it is read:
// however large it is, it is not kept.
type sums struct {
	whole   hash.Hash
	payload hash.Hash // of what a form carries; nil: it is none
	// standard is that of https://www.standardwebhooks.com, by which GitLab signs since
	// version 19; nil: there is no key for it.
	standard hash.Hash
}

// sums returns the digests to be made of a webhook with these headers. A form is signed
// as it is sent by GitHub, and as the JSON in it by Gitea and Forgejo.
func (h *hook) sums(header http.Header) *sums {
	s := &sums{whole: hmac.New(sha256.New, h.secret)}
	if media, _, _ := mime.ParseMediaType(header.Get("Content-Type")); media == "application/x-www-form-urlencoded" {
		s.payload = hmac.New(sha256.New, h.secret)
	}
	if h.signing != nil {
		s.standard = hmac.New(sha256.New, h.signing)
		fmt.Fprintf(s.standard, "%s.%s.", header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"))
	}
	return s
}

// writer takes the body.
func (s *sums) writer() io.Writer {
	all := []io.Writer{s.whole}
	if s.payload != nil {
		all = append(all, &payload{to: s.payload})
	}
	if s.standard != nil {
		all = append(all, s.standard)
	}
	return io.MultiWriter(all...)
}

// signs reports whether a digest in base 16 is one of those that the secret makes.
func (s *sums) signs(digest string) bool {
	given, err := hex.DecodeString(digest)
	if err != nil {
		return false
	}
	valid := hmac.Equal(given, s.whole.Sum(nil))
	return s.payload != nil && hmac.Equal(given, s.payload.Sum(nil)) || valid
}

// listed reports whether one of a list of signatures is right: there are several while
// the sender changes its key.
func (s *sums) listed(list string) (valid bool) {
	if s.standard == nil {
		return false
	}
	for signature := range strings.FieldsSeq(list) {
		version, digest, _ := strings.Cut(signature, ",")
		given, err := base64.StdEncoding.DecodeString(digest)
		if err == nil && version == "v1" && hmac.Equal(given, s.standard.Sum(nil)) {
			valid = true
		}
	}
	return valid
}

// A payload takes a form and passes on the value of its field payload, if that is the
// first.
type payload struct {
	to   io.Writer
	at   int    // bytes of the field's name that were seen
	over bool   // the value has ended, or the form has another field first
	code []byte // an escape that is not whole yet
}

// payloadField is how the form begins.
const payloadField = "payload="

func (p *payload) Write(data []byte) (int, error) {
	value := make([]byte, 0, len(data))
	for _, b := range data {
		switch {
		case p.over:
		case p.at < len(payloadField):
			p.over = b != payloadField[p.at]
			p.at++
		case b == '&':
			p.over = true
		default:
			value = p.decode(value, b)
		}
	}
	_, err := p.to.Write(value)
	return len(data), err
}

// decode adds what the next byte of the form stands for to value. An escape that is
// none makes the rest of the form count for nothing.
func (p *payload) decode(value []byte, b byte) []byte {
	switch {
	case len(p.code) > 0 || b == '%':
		if p.code = append(p.code, b); len(p.code) < len("%00") {
			return value
		}
		decoded, err := hex.AppendDecode(value, p.code[1:])
		p.code, p.over = p.code[:0], err != nil
		return decoded
	case b == '+':
		return append(value, ' ')
	}
	return append(value, b)
}

// Refusals are the webhooks that were refused of late.
type refusals struct {
	mu     sync.Mutex
	last   time.Time // when one was logged
	silent int       // that were not, since
}

// again says whether it is time to log one, and how many were not since the last.
func (f *refusals) again(now time.Time) (before int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.last.IsZero() && now.Sub(f.last) < refusedEvery && !now.Before(f.last) {
		f.silent++
		return 0, false
	}
	before, f.silent, f.last = f.silent, 0, now
	return before, true
}
