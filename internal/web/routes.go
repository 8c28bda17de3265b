package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
)

// handler returns everything the listener answers.
func (w *Web) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", w.only(w.root, "GET"))
	mux.HandleFunc("/ask", w.operators(w.only(w.ask, "POST")))
	mux.HandleFunc("/fill", w.operators(w.onlyUpTo(fillBytes, w.fill, "POST")))
	mux.HandleFunc("/press", w.operators(w.only(w.press, "POST")))
	mux.HandleFunc("/complete", w.operators(w.only(w.complete, "GET")))
	mux.HandleFunc("/events", w.operators(w.only(w.events, "GET")))
	mux.HandleFunc("/payload/{entry}/{pane}", w.operators(w.only(w.payload, "GET")))
	mux.HandleFunc("/ledger", w.operators(w.only(w.ledger, "GET")))
	mux.HandleFunc("/ledger/{$}", w.operators(w.only(w.unslash, "GET")))
	mux.HandleFunc("/ledger/{id}", w.operators(w.only(w.delivery, "GET")))
	mux.HandleFunc("/ledger/{id}/retry", w.operators(w.only(w.retry, "POST")))
	mux.HandleFunc("/ledger/{id}/skip", w.operators(w.only(w.skip, "POST")))
	mux.HandleFunc("/suggestions", w.operators(w.only(w.suggestions, "GET")))
	mux.HandleFunc("/suggestions/{$}", w.operators(w.only(w.unslash, "GET")))
	mux.HandleFunc("/suggestions/{name}", w.operators(w.only(w.showSuggestion, "GET")))
	mux.HandleFunc("/suggestions/{name}/settle", w.operators(w.only(w.settleSuggestion, "POST")))
	mux.HandleFunc("/login", w.only(w.login, "GET", "POST"))
	mux.HandleFunc("/logout", w.only(w.logout, "POST"))
	mux.HandleFunc("/stories", w.only(w.index, "GET"))
	mux.HandleFunc("/stories/{name}", w.only(w.story, "GET"))
	mux.HandleFunc("/stories/{name}/{$}", w.only(w.unslash, "GET"))
	mux.HandleFunc("/stories/{$}", w.only(w.unslash, "GET"))
	mux.HandleFunc("/assets/{hash}/{name}", w.only(w.assets.serve, "GET"))
	mux.HandleFunc("/healthz", w.only(w.healthz, "GET"))
	mux.HandleFunc("/readyz", w.only(w.readyz, "GET"))
	if w.hook != nil {
		mux.HandleFunc("/hooks/briefs", w.hooked)
	}
	mux.HandleFunc("/", w.missing)
	return w.guard(mux)
}

// guard sets what every answer carries, and contains a handler's panic.
func (w *Web) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		defer func() {
			p := recover()
			if p == nil || p == http.ErrAbortHandler {
				return
			}
			w.options.Logger.Error("panic while answering a page", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			http.Error(rw, "Something went wrong here. The log says what.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(rw, r)
	})
}

// only passes on requests of these methods, with a short form at most.
func (w *Web) only(next http.HandlerFunc, methods ...string) http.HandlerFunc {
	return w.onlyUpTo(formBytes, next, methods...)
}

// onlyUpTo passes on requests of these methods with so many bytes at most. GET includes
// HEAD. A request that may change something must come from a page of ours.
func (w *Web) onlyUpTo(bytes int64, next http.HandlerFunc, methods ...string) http.HandlerFunc {
	allow := strings.Join(methods, ", ")
	allow = strings.Replace(allow, "GET", "GET, HEAD", 1)
	return func(rw http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if !strings.Contains(", "+allow+",", ", "+method+",") {
			rw.Header().Set("Allow", allow)
			http.Error(rw, "This address takes "+allow+".", http.StatusMethodNotAllowed)
			return
		}
		if method != http.MethodGet {
			if !w.sameOrigin(r) {
				http.Error(rw, "This request comes from another site.", http.StatusForbidden)
				return
			}
			r.Body = http.MaxBytesReader(rw, r.Body, bytes)
		}
		next(rw, r)
	}
}

// operators passes on requests that act as an operator; for any other the address
// does not exist.
func (w *Web) operators(next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if !w.operator(r) {
			w.missing(rw, r)
			return
		}
		next(rw, r)
	}
}

// root is the preview for an operator, and the list of open stories for anyone
// else.
func (w *Web) root(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Vary", "Cookie, Authorization")
	if w.operator(r) {
		w.preview(rw, r)
		return
	}
	w.index(rw, r)
}

// unslash leads from an address with a slash at its end to the one without,
// whether or not there is anything there.
func (w *Web) unslash(rw http.ResponseWriter, r *http.Request) {
	http.Redirect(rw, r, strings.TrimRight(r.URL.EscapedPath(), "/"), http.StatusPermanentRedirect)
}

// missing answers for whatever is not there, always alike.
func (w *Web) missing(rw http.ResponseWriter, r *http.Request) {
	w.page(rw, r, http.StatusNotFound, "missing.html", page{Title: "Not found"})
}

func (w *Web) healthz(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(rw, "ok")
}

// readyz names the part that does not work, without details: those are for the
// log.
func (w *Web) readyz(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err := w.options.Ready(r.Context())
	if err == nil {
		fmt.Fprintln(rw, "ready")
		return
	}
	w.options.Logger.Warn("not ready", "error", err)
	rw.WriteHeader(http.StatusServiceUnavailable)
	if part := brokenPart(err); part != "" {
		fmt.Fprintf(rw, "not ready: %s\n", part)
		return
	}
	fmt.Fprintln(rw, "not ready")
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

// page executes a template. It is written as a whole or not at all: an error in
// the middle would otherwise cut the page without a word.
func (w *Web) page(rw http.ResponseWriter, r *http.Request, status int, name string, data any) {
	body, err := w.render(name, data)
	if err != nil {
		w.broken(rw, err)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	if status != http.StatusOK {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
		rw.WriteHeader(status)
		if r.Method != http.MethodHead {
			rw.Write(body)
		}
		return
	}
	w.body(rw, r, body)
}

// render executes a template whole, so that a page is never cut by an error.
func (w *Web) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := w.pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("executing the template %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// broken answers where a page could not be made.
func (w *Web) broken(rw http.ResponseWriter, err error) {
	w.options.Logger.Error("making a page", "error", err)
	http.Error(rw, "Something went wrong here. The log says what.", http.StatusInternalServerError)
}

// body writes an answer with its fingerprint, or that the client has it already.
func (w *Web) body(rw http.ResponseWriter, r *http.Request, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	h := rw.Header()
	if h.Get("Cache-Control") != "no-store" {
		h.Set("ETag", tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		rw.Write(body)
	}
}

// matches reports whether an If-None-Match header names tag, weakly or not.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}
