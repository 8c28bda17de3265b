package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// The file htmx.js is dist/htmx.min.js and hx-sse.js is dist/ext/hx-sse.min.js of
// the npm package htmx.org 4.0.1; htmx.LICENSE is its licence (0BSD).
//
//go:embed static
var staticFiles embed.FS

// An asset is a file that pages need. Its address holds a hash of its content, so
// that a browser may keep it for good.
type asset struct {
	hash  string
	media string
	body  []byte
}

type assets struct{ files map[string]asset }

func loadAssets() (*assets, error) {
	a := &assets{files: make(map[string]asset)}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("reading the web assets: %w", err)
	}
	for _, e := range entries {
		body, err := fs.ReadFile(staticFiles, path.Join("static", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the web assets: %w", err)
		}
		sum := sha256.Sum256(body)
		a.files[e.Name()] = asset{hash: hex.EncodeToString(sum[:8]), media: mediaType(e.Name()), body: body}
	}
	return a, nil
}

// mediaType does not ask the system, whose table differs from one to another.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.FormatMediaType("text/plain", map[string]string{"charset": "utf-8"})
}

// url returns the address of an asset; a template that names one that does not
// exist fails.
func (a *assets) url(name string) (string, error) {
	f, ok := a.files[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + f.hash + "/" + name, nil
}

// serve answers for assets. One of another hash belongs to another version: it is
// not there.
func (a *assets) serve(rw http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("name")]
	if !ok || f.hash != r.PathValue("hash") {
		http.Error(rw, "Not found.", http.StatusNotFound)
		return
	}
	h := rw.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", `"`+f.hash+`"`)
	if matches(r.Header.Get("If-None-Match"), `"`+f.hash+`"`) {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.media)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method != http.MethodHead {
		rw.Write(f.body)
	}
}

// parsePages reads the templates.
func parsePages(a *assets) (*template.Template, error) {
	t := template.New("").Funcs(template.FuncMap{
		"asset":       a.url,
		"count":       countWords,
		"thousands":   thousands,
		"thousands64": func(n int64) string { return thousands(int(n)) },
		"bar":         func(session, inside, inbox bool) bar { return bar{session, inside, inbox} },
		"lower":       strings.ToLower,
		"upper":       strings.ToUpper,
	})
	pages, err := t.ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the web templates: %w", err)
	}
	return pages, nil
}

// countWords returns “1 event”, “12 events”, with thousands set off.
func countWords(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return thousands(n) + " " + word
}

// thousands returns n with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
