package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	hookSecret  = "It's a Secret to Everybody"
	hookPayload = `{"ref":"refs/heads/main","note":"100% + & = é"}`
)

// digest is the HMAC of data, for a test to write as a vendor does.
func digest(key, data string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(data))
	return mac.Sum(nil)
}

func hexed(key, data string) string { return hex.EncodeToString(digest(key, data)) }

// hooks returns a Web that takes webhooks where anyone may reach it, and how often it
// asked for a fetch.
func hooks(t *testing.T, secret string) (d *door, fetched *int) {
	t.Helper()
	fetched = new(int)
	d = open(t, "0.0.0.0:8080", func(o *Options) { o.HookSecret, o.Fetch = secret, func() { *fetched++ } })
	return d, fetched
}

// sends sends a webhook and returns the answer.
func (d *door) sends(method string, body io.Reader, header map[string]string) *http.Response {
	r := httptest.NewRequest(method, "/hooks/briefs", body)
	r.Host, r.RemoteAddr = "briefs.example.org", "192.0.2.7:50000"
	for name, value := range header {
		r.Header.Set(name, value)
	}
	rw := httptest.NewRecorder()
	d.h.ServeHTTP(rw, r)
	return rw.Result()
}

// vendorHook is a webhook as a vendor sends it.
type vendorHook struct {
	name, body string
	header     map[string]string
}

// gitlabToken is a signing token of GitLab, and gitlabKey what is in it.
const gitlabKey = "0123456789abcdefghijklmnopqrstuv"

var gitlabToken = "whsec_" + base64.StdEncoding.EncodeToString([]byte(gitlabKey))

// vendorHooks are those of every vendor, signed with secret.
func vendorHooks(secret string) []vendorHook {
	form := url.Values{"payload": {hookPayload}}.Encode()
	ofForge := func(name, contentType, body string) vendorHook {
		digest := hexed(secret, hookPayload)
		header := map[string]string{
			"Content-Type": contentType, "X-Gitea-Event": "push", "X-GitHub-Event": "push",
			"X-Gitea-Signature": digest, "X-Gogs-Signature": digest, "X-Hub-Signature": "sha1=0", "X-Hub-Signature-256": "sha256=" + digest,
		}
		if name == "Forgejo" {
			header["X-Forgejo-Event"], header["X-Forgejo-Signature"] = "push", digest
		}
		return vendorHook{name + " " + contentType, body, header}
	}
	json, coded := "application/json", "application/x-www-form-urlencoded"
	return []vendorHook{
		{"GitHub " + json, hookPayload, map[string]string{"Content-Type": json, "X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + hexed(secret, hookPayload)}},
		{"GitHub " + coded, form, map[string]string{"Content-Type": coded, "X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + hexed(secret, form)}},
		ofForge("Gitea", json, hookPayload), ofForge("Gitea", coded, form),
		ofForge("Forgejo", json, hookPayload), ofForge("Forgejo", coded, form),
		{"GitLab token", hookPayload, map[string]string{"Content-Type": json, "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret}},
	}
}

// signedByGitLab is a webhook that is signed with gitlabToken.
func signedByGitLab() vendorHook {
	signature := "v1," + base64.StdEncoding.EncodeToString(digest(gitlabKey, "msg_1.1764547200."+hookPayload))
	return vendorHook{"GitLab signed", hookPayload, map[string]string{
		"Content-Type": "application/json", "X-Gitlab-Event": "Push Hook",
		"Webhook-Id": "msg_1", "Webhook-Timestamp": "1764547200", "Webhook-Signature": signature,
	}}
}

// TestVendorHooks takes the webhooks of every vendor where the pages are public and the
// preview is closed, and none that is signed with another secret, or whose body is
// another.
func TestVendorHooks(t *testing.T) {
	for _, secret := range []string{hookSecret, gitlabToken} {
		all := vendorHooks(secret)
		if secret == gitlabToken {
			all = append(all, signedByGitLab())
		}
		for _, v := range all {
			d, fetched := hooks(t, secret)
			for range 2 { // what is sent again is as harmless as the first
				if r := d.sends("POST", strings.NewReader(v.body), v.header); r.StatusCode != http.StatusAccepted {
					t.Errorf("%s: %s %s", v.name, r.Status, d.logs)
				}
			}
			if *fetched != 2 {
				t.Errorf("%s: %d fetches", v.name, *fetched)
			}
			if r := d.sends("POST", strings.NewReader(v.body+" "), v.header); (r.StatusCode == http.StatusForbidden) == (v.name == "GitLab token") {
				t.Errorf("%s with another body: %s", v.name, r.Status)
			}
			other, fetched := hooks(t, "another secret")
			if r := other.sends("POST", strings.NewReader(v.body), v.header); r.StatusCode != http.StatusForbidden || *fetched != 0 {
				t.Errorf("%s of another secret: %s, %d fetches", v.name, r.Status, *fetched)
			}
		}
	}
}

// TestGitHubVector checks the example of GitHub's own documentation.
func TestGitHubVector(t *testing.T) {
	d, fetched := hooks(t, hookSecret)
	r := d.sends("POST", strings.NewReader("Hello, World!"), map[string]string{
		"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
	})
	if r.StatusCode != http.StatusAccepted || *fetched != 1 {
		t.Errorf("%s, %d fetches", r.Status, *fetched)
	}
}

// TestEverySignatureCounts refuses a webhook of which one signature is wrong, however
// many are right, and one that is badly written.
func TestEverySignatureCounts(t *testing.T) {
	right := hexed(hookSecret, hookPayload)
	wrong := hexed("another", hookPayload)
	signed := signedByGitLab().header
	for _, c := range []struct {
		name, secret string
		header       map[string]string
		want         int
	}{
		{"both right", hookSecret, map[string]string{"X-Gitea-Signature": right, "X-Hub-Signature-256": "sha256=" + right}, 202},
		{"in capitals", hookSecret, map[string]string{"X-Gitea-Signature": strings.ToUpper(right)}, 202},
		{"the first wrong", hookSecret, map[string]string{"X-Gitea-Signature": wrong, "X-Hub-Signature-256": "sha256=" + right}, 403},
		{"the last wrong", hookSecret, map[string]string{"X-Gitea-Signature": right, "X-Hub-Signature-256": "sha256=" + wrong}, 403},
		{"a wrong token", hookSecret, map[string]string{"X-Hub-Signature-256": "sha256=" + right, "X-Gitlab-Token": "x"}, 403},
		{"a signature for which there is no key", hookSecret, map[string]string{"X-Gitlab-Token": hookSecret, "Webhook-Signature": signed["Webhook-Signature"]}, 403},
		{"none", hookSecret, nil, 403},
		{"an empty one", hookSecret, map[string]string{"X-Gitea-Signature": ""}, 403},
		{"no digest", hookSecret, map[string]string{"X-Hub-Signature-256": "sha256="}, 403},
		{"no scheme", hookSecret, map[string]string{"X-Hub-Signature-256": right}, 403},
		{"half a digest", hookSecret, map[string]string{"X-Gitea-Signature": right[:32]}, 403},
		{"no base 16", hookSecret, map[string]string{"X-Gitea-Signature": strings.Repeat("z", 64)}, 403},
		{"sha1 alone", hookSecret, map[string]string{"X-Hub-Signature": "sha1=" + right[:40]}, 403},
		{"part of the token", hookSecret, map[string]string{"X-Gitlab-Token": hookSecret[:5]}, 403},
		{"an empty token", hookSecret, map[string]string{"X-Gitlab-Token": ""}, 403},
		{"a list", gitlabToken, with(signed, "Webhook-Signature", "v1a,abc v1,AAAA "+signed["Webhook-Signature"]), 202},
		{"another version", gitlabToken, with(signed, "Webhook-Signature", strings.Replace(signed["Webhook-Signature"], "v1", "v2", 1)), 403},
		{"another time", gitlabToken, with(signed, "Webhook-Timestamp", "1764547201"), 403},
		{"another id", gitlabToken, with(signed, "Webhook-Id", "msg_2"), 403},
	} {
		d, fetched := hooks(t, c.secret)
		r := d.sends("POST", strings.NewReader(hookPayload), c.header)
		if r.StatusCode != c.want || (*fetched == 1) != (c.want == 202) {
			t.Errorf("%s: %s, %d fetches", c.name, r.Status, *fetched)
		}
	}
}

func with(header map[string]string, name, value string) map[string]string {
	other := map[string]string{name: value}
	for k, v := range header {
		if k != name {
			other[k] = v
		}
	}
	return other
}

// TestHookMethods refuses what is no webhook by the method, whatever it is signed with, and
// whoever asks: not even an operator's own page may be needed.
func TestHookMethods(t *testing.T) {
	d, fetched := hooks(t, hookSecret)
	v := vendorHooks(hookSecret)[0]
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		r := d.sends(method, strings.NewReader(v.body), v.header)
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %s, Allow %q", method, r.Status, r.Header.Get("Allow"))
		}
	}
	if r := d.sends("POST", strings.NewReader(v.body), with(v.header, "Sec-Fetch-Site", "cross-site")); r.StatusCode != http.StatusAccepted {
		t.Errorf("from elsewhere: %s", r.Status)
	}
	if *fetched != 1 {
		t.Errorf("%d fetches", *fetched)
	}
}

// TestNoHook finds nothing at the address where no secret is set, as anywhere else.
func TestNoHook(t *testing.T) {
	d, fetched := hooks(t, "")
	missing := d.do(t, request{path: "/never-there"})
	for _, method := range []string{"GET", "POST", "PUT"} {
		r := d.sends(method, strings.NewReader(hookPayload), vendorHooks("")[0].header)
		if r.StatusCode != http.StatusNotFound || r.Header.Get("Allow") != "" || r.Header.Get("Content-Type") != missing.Header.Get("Content-Type") {
			t.Errorf("%s: %s %v", method, r.Status, r.Header)
		}
	}
	if *fetched != 0 {
		t.Errorf("%d fetches", *fetched)
	}
	with, _ := hooks(t, hookSecret)
	if r := with.do(t, request{path: "/hooks/briefs/"}); r.StatusCode != http.StatusNotFound {
		t.Errorf("with a slash: %s", r.Status)
	}
}

// TestPing answers a ping that is signed, and fetches nothing for it.
func TestPing(t *testing.T) {
	d, fetched := hooks(t, hookSecret)
	v := vendorHooks(hookSecret)[0]
	r := d.sends("POST", strings.NewReader(v.body), with(v.header, "X-GitHub-Event", "ping"))
	if r.StatusCode != http.StatusOK || *fetched != 0 || !strings.HasPrefix(body(t, r), "Hello") {
		t.Errorf("%s, %d fetches", r.Status, *fetched)
	}
	if r := d.sends("POST", strings.NewReader("x"), with(v.header, "X-GitHub-Event", "ping")); r.StatusCode != http.StatusForbidden {
		t.Errorf("a ping that is not signed: %s", r.Status)
	}
}

// zeros are so many bytes, of which nothing is kept.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// TestHookSize takes a webhook as large as the vendors send at most, and none that is
// larger, with whatever signature.
func TestHookSize(t *testing.T) {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	if _, err := io.Copy(mac, &zeros{hookBytes}); err != nil {
		t.Fatal(err)
	}
	header := map[string]string{"X-Gitea-Signature": hex.EncodeToString(mac.Sum(nil))}
	d, fetched := hooks(t, hookSecret)
	if r := d.sends("POST", &zeros{hookBytes}, header); r.StatusCode != http.StatusAccepted {
		t.Errorf("as large as may be: %s", r.Status)
	}
	r := d.sends("POST", &zeros{hookBytes + 1}, header)
	if r.StatusCode != http.StatusRequestEntityTooLarge || *fetched != 1 {
		t.Errorf("a byte more: %s, %d fetches", r.Status, *fetched)
	}
}

// TestHookCut refuses a webhook that does not arrive whole.
func TestHookCut(t *testing.T) {
	d, fetched := hooks(t, hookSecret)
	v := vendorHooks(hookSecret)[0]
	cut := io.MultiReader(strings.NewReader(v.body), failing{})
	if r := d.sends("POST", cut, v.header); r.StatusCode != http.StatusBadRequest || *fetched != 0 {
		t.Errorf("%s, %d fetches", r.Status, *fetched)
	}
}

// A timedAnswer keeps until when the body may be read.
type timedAnswer struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (a *timedAnswer) SetReadDeadline(t time.Time) error { a.until = t; return nil }

// TestHookTime bounds how long a webhook may take to arrive, more tightly than the server
// does.
func TestHookTime(t *testing.T) {
	d, _ := hooks(t, hookSecret)
	began := time.Now()
	rw := &timedAnswer{ResponseRecorder: httptest.NewRecorder()}
	d.h.ServeHTTP(rw, httptest.NewRequest("POST", "/hooks/briefs", strings.NewReader(hookPayload)))
	if least, most := began.Add(hookTime), time.Now().Add(hookTime); rw.until.Before(least) || rw.until.After(most) || hookTime >= requestTime {
		t.Errorf("until %v, want between %v and %v", rw.until, least, most)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestRefusalsAreQuiet logs one refusal a minute with what is needed to mend it, and
// neither secret nor signature.
func TestRefusalsAreQuiet(t *testing.T) {
	now := time.Date(2025, 12, 1, 9, 0, 0, 0, time.UTC)
	d := open(t, "0.0.0.0:8080", func(o *Options) { o.HookSecret, o.Now = hookSecret, func() time.Time { return now } })
	wrong := hexed("another", hookPayload)
	answers := make(map[string]bool)
	refuse := func(header map[string]string) {
		r := d.sends("POST", strings.NewReader(hookPayload), header)
		answers[fmt.Sprint(r.StatusCode, body(t, r))] = true
	}
	for range 40 {
		refuse(map[string]string{"X-Hub-Signature-256": "sha256=" + wrong})
	}
	refuse(map[string]string{"X-Gitlab-Token": "nearly the secret"})
	refuse(nil)
	if n := strings.Count(d.logs.String(), "a webhook was refused"); n != 1 {
		t.Errorf("%d lines in a minute: %s", n, d.logs)
	}
	now = now.Add(refusedEvery)
	refuse(nil)
	contains(t, d.logs.String(), "X-Hub-Signature-256 is not that of the secret", "192.0.2.7", "it carries no signature", "=41")
	lacks(t, d.logs.String(), wrong, hookSecret, "nearly the secret", "Everybody")
	if len(answers) != 1 {
		t.Errorf("the answers tell refusals apart: %v", answers)
	}
}

// TestHookSecrets refuses a signing token that was not copied whole.
func TestHookSecrets(t *testing.T) {
	for secret, ok := range map[string]bool{"": true, "x": true, gitlabToken: true, "whsec_": false, "whsec_a": false, gitlabToken[:9]: false} {
		_, err := New(Options{HookSecret: secret})
		if (err == nil) != ok {
			t.Errorf("%q: %v", secret, err)
		}
		if err != nil && secret != "whsec_" && strings.Contains(err.Error(), secret) {
			t.Errorf("the error has the secret: %v", err)
		}
	}
}

// FuzzPayload reads a form in pieces as [url.ParseQuery] reads it whole.
func FuzzPayload(f *testing.F) {
	for _, form := range []string{
		url.Values{"payload": {hookPayload}}.Encode(), "payload=a%2", "payload=%zz", "payload=a&b=c", "a=b&payload=c", "payload", "", "payload=+%2B%20%C3%A9",
	} {
		f.Add(form, 3)
	}
	f.Fuzz(func(t *testing.T, form string, size int) {
		var got strings.Builder
		p := &payload{to: &got}
		for rest := form; rest != ""; {
			n := min(max(size, 1), len(rest))
			if written, err := p.Write([]byte(rest[:n])); err != nil || written != n {
				t.Fatal(written, err)
			}
			rest = rest[n:]
		}
		first, _, _ := strings.Cut(form, "&")
		value, ok := strings.CutPrefix(first, "payload=")
		want, err := url.QueryUnescape(value)
		if !ok {
			want = ""
		}
		if err == nil && got.String() != want {
			t.Errorf("%q read as %q, want %q", form, got.String(), want)
		}
	})
}
