package web

import (
	"errors"
	"net/http"
)

// A loginPage asks for the token.
type loginPage struct {
	page
	Wrong bool
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
	if !w.isToken(r.PostForm.Get("token")) {
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

// brokenPart returns the name of the part that does not work, where the error
// tells it.
func brokenPart(err error) string {
	var part interface{ Part() string }
	if errors.As(err, &part) {
		return part.Part()
	}
	return ""
}
