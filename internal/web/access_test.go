package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const token = "a-long-token-of-the-desk"

func isPreview(t *testing.T, r *http.Response) bool {
	t.Helper()
	return strings.Contains(body(t, r), `id="ask"`)
}

// TestPreviewIsForOperators tries who gets the preview and who the list of
// stories.
func TestPreviewIsForOperators(t *testing.T) {
	withToken := func(o *Options) { o.WebToken = token }
	public := func(o *Options) { o.WebToken, o.PublicURL = token, "https://briefs.example.org" }
	bearer := map[string]string{"Authorization": "Bearer " + token}
	for _, c := range []struct {
		name, listener, host string
		change               func(*Options)
		header               map[string]string
		want                 bool
	}{
		{"loopback", "127.0.0.1:8080", "127.0.0.1:8080", nil, nil, true},
		{"another loopback port", "127.0.0.1:8080", "127.0.0.1:9999", nil, nil, true},
		{"loopback by name", "127.0.0.1:8080", "LocalHost:8080", nil, nil, true},
		{"loopback without a port", "127.0.0.1:80", "localhost", nil, nil, true},
		{"loopback of version 6", "[::1]:8080", "[::1]:8080", nil, nil, true},
		{"loopback of version 6 without a port", "[::1]:80", "[::1]", nil, nil, true},
		{"a rebound name", "127.0.0.1:8080", "evil.example:8080", nil, nil, false},
		{"a name that begins like one", "127.0.0.1:8080", "localhost.evil.example", nil, nil, false},
		{"a name that begins like an address", "127.0.0.1:8080", "127.0.0.1.evil.example", nil, nil, false},
		{"no host", "127.0.0.1:8080", " ", nil, nil, false},
		{"every interface", "0.0.0.0:8080", "127.0.0.1:8080", nil, nil, false},
		{"every interface of version 6", "[::]:8080", "localhost:8080", nil, nil, false},
		{"another interface", "192.0.2.7:8080", "localhost:8080", nil, nil, false},
		{"a proxy before it", "127.0.0.1:8080", "127.0.0.1:8080", nil, map[string]string{"X-Forwarded-For": "192.0.2.9"}, false},
		{"a public address", "127.0.0.1:8080", "127.0.0.1:8080", public, nil, false},
		{"a public address and the token", "127.0.0.1:8080", "briefs.example.org", public,
			map[string]string{"Authorization": "Bearer " + token, "Origin": "https://briefs.example.org"}, true},
		{"the token on loopback", "127.0.0.1:8080", "127.0.0.1:8080", withToken, nil, true},
		{"the token elsewhere", "0.0.0.0:8080", "briefs.example.org", withToken, bearer, true},
		{"the token in lower case", "0.0.0.0:8080", "briefs.example.org", withToken, map[string]string{"Authorization": "bearer " + token}, true},
		{"a wrong token", "0.0.0.0:8080", "briefs.example.org", withToken, map[string]string{"Authorization": "Bearer nearly"}, false},
		{"an empty token", "0.0.0.0:8080", "briefs.example.org", withToken, map[string]string{"Authorization": "Bearer "}, false},
		{"an empty token where none is set", "0.0.0.0:8080", "briefs.example.org", nil, map[string]string{"Authorization": "Bearer "}, false},
		{"the token as a password", "0.0.0.0:8080", "briefs.example.org", withToken, map[string]string{"Authorization": "Basic " + token}, false},
		{"the token as a cookie", "0.0.0.0:8080", "briefs.example.org", withToken, map[string]string{"Cookie": "briefbot=" + token}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, c.listener, c.change)
			r := d.do(t, request{path: "/", host: c.host, header: c.header})
			if r.StatusCode != http.StatusOK {
				t.Fatalf("%s", r.Status)
			}
			if got := isPreview(t, r); got != c.want {
				t.Errorf("the preview is shown: %v, want %v", got, c.want)
			}
			for _, path := range []string{"/complete?line=/", "/payload/m1/discord"} {
				r := d.do(t, request{path: path, host: c.host, header: c.header})
				if hidden := r.StatusCode == http.StatusNotFound; path == "/complete?line=/" && hidden == c.want {
					t.Errorf("%s: %s", path, r.Status)
				}
			}
			form := url.Values{"line": {"/stories"}}
			r = d.do(t, request{method: "POST", path: "/ask", host: c.host, form: form, header: c.header})
			if ran := d.bot.last().Line == "/stories"; ran != c.want {
				t.Errorf("the bot was asked: %v (%s), want %v", ran, r.Status, c.want)
			}
		})
	}
}

// TestOperatorAddressesDoNotExistForOthers compares the answers to those for
// addresses that there never were.
func TestOperatorAddressesDoNotExistForOthers(t *testing.T) {
	d := open(t, "0.0.0.0:8080", nil)
	never := body(t, d.do(t, request{path: "/never-there"}))
	for _, path := range []string{"/ask", "/press", "/complete", "/events", "/payload/m1/discord", "/login", "/metrics",
		"/hooks/briefs", "/discord/interactions", "/telegram/webhook"} {
		r := d.do(t, request{path: path})
		if got := body(t, r); r.StatusCode != http.StatusNotFound || got != never {
			t.Errorf("%s: %s\n%s", path, r.Status, got)
		}
	}
	if d.bot.count() != 0 {
		t.Error("the bot was asked")
	}
}

// TestTokenForm gives the token once and then comes with the cookie.
func TestTokenForm(t *testing.T) {
	now := time.Date(2025, 12, 1, 12, 0, 0, 0, time.UTC)
	withToken := func(o *Options) {
		o.WebToken, o.PublicURL, o.Now = token, "https://briefs.example.org", func() time.Time { return now }
	}
	d := open(t, "127.0.0.1:8080", withToken)
	host := "briefs.example.org"
	form := func(s string) request {
		return request{method: "POST", path: "/login", host: host, form: url.Values{"token": {s}}, header: map[string]string{"Origin": "https://" + host}}
	}
	contains(t, body(t, d.do(t, request{path: "/", host: host})), `href="/login"`)
	contains(t, body(t, d.do(t, request{path: "/login", host: host})), `type="password"`)
	wrong := d.do(t, form("nearly"))
	if wrong.StatusCode != http.StatusForbidden || len(wrong.Cookies()) != 0 {
		t.Errorf("a wrong token: %s, cookies %v", wrong.Status, wrong.Cookies())
	}
	contains(t, body(t, wrong), "This is not the web token.")

	right := d.do(t, form(token))
	if right.StatusCode != http.StatusSeeOther || right.Header.Get("Location") != "/" || len(right.Cookies()) != 1 {
		t.Fatalf("the token: %s, cookies %v", right.Status, right.Cookies())
	}
	c := right.Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("a cookie that others can use: %v", c)
	}
	if strings.Contains(c.Value, token) {
		t.Error("the cookie holds the token")
	}
	come := func(d *door, value string) bool {
		return isPreview(t, d.do(t, request{path: "/", host: host, header: map[string]string{"Cookie": c.Name + "=" + value}}))
	}
	if !come(d, c.Value) {
		t.Error("the cookie does not open the preview")
	}
	if !come(open(t, "127.0.0.1:8080", withToken), c.Value) {
		t.Error("the cookie does not survive a restart")
	}
	if come(d, c.Value+"x") || come(d, "9"+c.Value) || come(d, strings.TrimLeft(c.Value, "0123456789")) {
		t.Error("a forged cookie opens the preview")
	}
	other := open(t, "127.0.0.1:8080", func(o *Options) { withToken(o); o.WebToken = "another token of the desk" })
	if come(other, c.Value) {
		t.Error("the cookie of another token opens the preview")
	}
	out := d.do(t, request{method: "POST", path: "/logout", host: host, form: url.Values{}, header: map[string]string{"Origin": "https://" + host, "Cookie": c.Name + "=" + c.Value}})
	if cookies := out.Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("leaving: %s, cookies %v", out.Status, cookies)
	}
	now = now.Add(sessionLength)
	if come(d, c.Value) {
		t.Error("the cookie opens the preview for ever")
	}
	if strings.Contains(d.logs.String(), token) {
		t.Error("the log holds the token")
	}
}

// TestTokensCannotBeTriedForEver gives wrong tokens until none is looked at any more.
func TestTokensCannotBeTriedForEver(t *testing.T) {
	for name, try := range map[string]func(given, from string) request{
		"form": func(given, from string) request {
			return request{method: "POST", path: "/login", form: url.Values{"token": {given}}, header: map[string]string{"X-Forwarded-For": from}}
		},
		"header": func(given, from string) request {
			return request{path: "/complete?line=/", header: map[string]string{"Authorization": "Bearer " + given, "X-Forwarded-For": from}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2025, 12, 1, 12, 0, 0, 0, time.UTC)
			d := open(t, "127.0.0.1:8080", func(o *Options) {
				o.WebToken, o.PublicURL, o.Now = token, "https://briefs.example.org", func() time.Time { return now }
			})
			lets := func(given, from string) bool {
				return d.do(t, try(given, from)).StatusCode < http.StatusBadRequest
			}
			for range wrongTokens {
				if lets("nearly", "203.0.113.9, 2001:db8:1:2::1") {
					t.Fatal("a wrong token is let in")
				}
			}
			if lets(token, "2001:db8:1:2::ffff") {
				t.Error("a client that gave too many wrong tokens is let in")
			}
			if !lets(token, "2001:db8:1:3::1") || !lets(token, "203.0.113.9") {
				t.Error("another client is not let in")
			}
			if n := strings.Count(d.logs.String(), "a wrong web token was given"); n > wrongTokens {
				t.Errorf("the log says so %d times", n)
			}
			now = now.Add(wrongTime)
			if !lets(token, "2001:db8:1:2::1") {
				t.Error("the client is shut out for ever")
			}
		})
	}
}

// TestClients tells clients apart.
func TestClients(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.7:1234", "", "192.0.2.7/32"},
		{"192.0.2.7:1234", "203.0.113.9", "192.0.2.7/32"}, // anybody can say so
		{"[2001:db8::1]:1234", "", "2001:db8::/64"},
		{"[::ffff:192.0.2.7]:1234", "", "192.0.2.7/32"},
		{"[fe80::1%eth0]:1234", "", "fe80::/64"},
		{"127.0.0.1:1234", "", "127.0.0.1/32"},
		{"127.0.0.1:1234", "198.51.100.1, 203.0.113.9", "203.0.113.9/32"},
		{"127.0.0.1:1234", "unknown", "127.0.0.1/32"},
		{"@", "", "invalid Prefix"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := clientOf(r).String(); got != c.want {
			t.Errorf("%s, forwarded for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

// TestOtherSitesCannotAsk tries what a page elsewhere can make a browser send.
func TestOtherSitesCannotAsk(t *testing.T) {
	for _, c := range []struct {
		name   string
		header map[string]string
		want   bool
	}{
		{"our page", nil, true},
		{"our page, with metadata", map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		{"our page, origin hidden", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, true},
		{"another site", map[string]string{"Origin": "https://evil.example"}, false},
		{"another site that hides its origin", map[string]string{"Origin": "null"}, false},
		{"another site, by metadata", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"a sister site", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		{"another port", map[string]string{"Origin": "http://127.0.0.1:1"}, false},
		{"another scheme", map[string]string{"Origin": "ftp://127.0.0.1:8080"}, false},
		{"not a browser", map[string]string{"Origin": ""}, false},
		{"a typed address", map[string]string{"Origin": "", "Sec-Fetch-Site": "none"}, false},
		{"a script with the token", map[string]string{"Origin": "", "Authorization": "Bearer " + token}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, "127.0.0.1:8080", func(o *Options) { o.WebToken = token })
			for _, q := range []request{
				{path: "/ask", form: url.Values{"line": {"/stories"}}},
				{path: "/press", form: url.Values{"data": {"stories"}}},
			} {
				q.method, q.header = "POST", c.header
				before := d.bot.count()
				r := d.do(t, q)
				if ran := d.bot.count() > before; ran != c.want {
					t.Errorf("%s: the bot was asked: %v (%s), want %v", q.path, ran, r.Status, c.want)
				}
				if !c.want && r.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s, want 403", q.path, r.Status)
				}
			}
		})
	}
}

// TestPublicOriginNeedsItsScheme refuses a page that came without encryption.
func TestPublicOriginNeedsItsScheme(t *testing.T) {
	d := open(t, "127.0.0.1:8080", func(o *Options) { o.WebToken, o.PublicURL = token, "https://briefs.example.org" })
	for origin, want := range map[string]bool{"https://briefs.example.org": true, "http://briefs.example.org": false} {
		d.do(t, request{method: "POST", path: "/ask", host: "briefs.example.org", form: url.Values{"line": {"/stories"}},
			header: map[string]string{"Origin": origin, "Authorization": "Bearer " + token}})
		if ran := d.bot.count() > 0; ran != want {
			t.Errorf("%s: the bot was asked: %v, want %v", origin, ran, want)
		}
		d.bot.asked = nil
	}
}
