package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sessionLength is how long a browser that gave the token is let in.
const sessionLength = 30 * 24 * time.Hour

// operator reports whether the request acts as an operator: on a private
// listener, or with the token.
func (w *Web) operator(r *http.Request) bool {
	return w.private(r) || w.bearer(r) || w.session(r)
}

// private reports whether nobody but the users of this machine can have made the
// request: the listener is on the loopback interface, no public address leads to
// it, and the request names a loopback host. A page that points a name of its own
// at 127.0.0.1 sends that name and is refused; so is what a proxy passes on.
func (w *Web) private(r *http.Request) bool {
	if w.public != nil || !loopbackHost(r.Host) {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener == nil {
		return false
	}
	tcp, ok := w.listener.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// loopbackHost reports whether a Host header, with or without a port, names the
// machine itself.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.IsLoopback()
}

// bearer reports whether the request carries the token itself.
func (w *Web) bearer(r *http.Request) bool {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return ok && strings.EqualFold(scheme, "Bearer") && w.isToken(r, strings.TrimSpace(token))
}

// isToken compares in a time that tells nothing, not even the length. No token is
// right that comes from where too many wrong ones came from.
func (w *Web) isToken(r *http.Request, given string) bool {
	if w.options.WebToken == "" || w.attempts.spent(r, w.options.Now()) {
		return false
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(w.options.WebToken))
	if subtle.ConstantTimeCompare(a[:], b[:]) == 1 {
		return true
	}
	w.attempts.count(r, w.options.Now())
	return false
}

// session reports whether the request carries a cookie that [Web.newSession] made
// with the present token, and that has not ended.
func (w *Web) session(r *http.Request) bool {
	c, err := r.Cookie(w.cookieName())
	if err != nil || w.options.WebToken == "" {
		return false
	}
	end, seal, ok := strings.Cut(c.Value, ".")
	unix, err := strconv.ParseInt(end, 10, 64)
	if !ok || err != nil || w.options.Now().Unix() >= unix {
		return false
	}
	return hmac.Equal([]byte(seal), []byte(w.seal(end)))
}

// newSession returns the cookie of a browser that gave the token. It holds when
// it ends, sealed with a key made from the token: it needs no store, and another
// token ends it.
func (w *Web) newSession() *http.Cookie {
	end := w.options.Now().Add(sessionLength)
	text := strconv.FormatInt(end.Unix(), 10)
	c := w.cookie(text + "." + w.seal(text))
	c.Expires = end
	return c
}

func (w *Web) cookie(value string) *http.Cookie {
	return &http.Cookie{
		Name: w.cookieName(), Value: value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: w.secure(),
	}
}

// cookieName carries the prefix that keeps other hosts of the domain from
// setting the cookie, where browsers allow it.
func (w *Web) cookieName() string {
	if w.secure() {
		return "__Host-briefbot"
	}
	return "briefbot"
}

func (w *Web) secure() bool { return w.public != nil && w.public.Scheme == "https" }

func (w *Web) seal(text string) string {
	mac := hmac.New(sha256.New, []byte(w.options.WebToken))
	mac.Write([]byte("briefbot preview session\n" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sameOrigin reports whether a request that changes something comes from a page
// of ours. Browsers name the origin of every such request; where a referrer
// policy hides it, they still say that the site is the same. What names neither is
// no browser, and is believed only with the token in its header.
func (w *Web) sameOrigin(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if site != "" && site != "same-origin" {
		return false
	}
	switch origin := r.Header.Get("Origin"); origin {
	case "":
		return site == "same-origin" || w.bearer(r)
	case "null":
		return site == "same-origin"
	default:
		u, err := url.Parse(origin)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && w.ours(u, r)
	}
}

// ours reports whether an origin is that of the request, or the public address.
func (w *Web) ours(origin *url.URL, r *http.Request) bool {
	if w.public != nil && strings.EqualFold(origin.Host, w.public.Host) {
		return origin.Scheme == w.public.Scheme
	}
	return strings.EqualFold(origin.Host, r.Host)
}

// A loginPage asks for the token.
type loginPage struct {
	page
	Wrong bool
	Spent bool // too many wrong ones came from there
}

// login takes the token once and gives a cookie for it. Where there is no token,
// or none is needed, there is nothing here.
func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	if w.options.WebToken == "" || w.private(r) {
		w.missing(rw, r)
		return
	}
	p := loginPage{page: page{Title: "Preview"}}
	if r.Method != http.MethodPost {
		w.page(rw, r, http.StatusOK, "login.html", p)
		return
	}
	if !w.form(rw, r) {
		return
	}
	if w.attempts.spent(r, w.options.Now()) {
		rw.Header().Set("Retry-After", strconv.Itoa(int(wrongTime.Seconds())))
		p.Spent = true
		w.page(rw, r, http.StatusTooManyRequests, "login.html", p)
		return
	}
	if !w.isToken(r, r.PostForm.Get("token")) {
		w.options.Logger.Warn("a wrong web token was given", "from", r.RemoteAddr)
		p.Wrong = true
		w.page(rw, r, http.StatusForbidden, "login.html", p)
		return
	}
	http.SetCookie(rw, w.newSession())
	http.Redirect(rw, r, "/", http.StatusSeeOther)
}

// logout takes the cookie back.
func (w *Web) logout(rw http.ResponseWriter, r *http.Request) {
	if !w.operator(r) {
		w.missing(rw, r)
		return
	}
	c := w.cookie("")
	c.MaxAge = -1
	http.SetCookie(rw, c)
	http.Redirect(rw, r, "/", http.StatusSeeOther)
}
