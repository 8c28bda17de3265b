package mirror

import (
	"strings"
	"testing"
)

// TestParseAddress reads the forms of an address, and what is refused.
func TestParseAddress(t *testing.T) {
	for _, test := range []struct{ text, scheme, branch, folder, shown string }{
		{"https://example.org/desk.git", "https", "", "", "https://example.org/desk.git"},
		{"https://example.org/desk.git#main", "https", "main", "", "https://example.org/desk.git#main"},
		{"https://example.org/desk.git#main:a/briefs/", "https", "main", "a/briefs", "https://example.org/desk.git#main:a/briefs/"},
		{"https://example.org/desk.git#:briefs", "https", "", "briefs", "https://example.org/desk.git#:briefs"},
		{"https://hush@example.org/desk.git", "https", "", "", "https://xxxxx@example.org/desk.git"},
		{"https://jane:hush@example.org/desk.git#main", "https", "main", "", "https://xxxxx@example.org/desk.git#main"},
		{"git@example.org:desk.git#main", "ssh", "main", "", "git@example.org:desk.git#main"},
		{"ssh://git@example.org:2222/desk.git", "ssh", "", "", "ssh://git@example.org:2222/desk.git"},
		{"file:///srv/desk.git#main", "file", "main", "", "file:///srv/desk.git#main"},
		{"./desk.git#main:briefs", "file", "main", "briefs", "./desk.git#main:briefs"},
		{"/srv/a:b/c@d.git#main", "file", "main", "", "/srv/a:b/c@d.git#main"},
	} {
		a, err := ParseAddress(test.text)
		if err != nil || a.Scheme() != test.scheme || a.Branch != test.branch || a.Folder != test.folder || a.String() != test.shown {
			t.Errorf("%s: %v %s %q %q %s", test.text, err, a.Scheme(), a.Branch, a.Folder, a)
		}
		if strings.Contains(test.text, "://") && !IsAddress(test.text) {
			t.Errorf("%s is no address", test.text)
		}
	}
	for _, text := range []string{
		"jane:hush@example.org:desk.git#main", "jane:hush@example.org/desk.git", ":hush@example.org:desk.git", "jane:hu/sh@example.org/desk.git#main",
		"ssh://jane:hush@example.org/desk.git", "ftp://jane:hush@example.org/desk.git", "https://jane:1/2#hush hush@example.org/r.git",
		"https://jane:hush@example.org", "https://jane:hush@example.org/r.git#a:../hush", "https://jane:hush@example.org/r.git?hush", "https://jane:hu%sh@example.org/r.git",
	} {
		if !IsAddress(text) {
			t.Errorf("%s is taken for a folder", text)
		}
		if a, err := ParseAddress(text); err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(a.String(), "hush") {
			t.Errorf("%s: %v, %s", text, err, a)
		}
	}
}

// TestHasSecret tells addresses that let their reader in from those that only say who
// asks.
func TestHasSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"https://example.org/desk.git":                                               false,
		"https://gitlab+deploy-token-1@example.org/desk.git":                         false,
		"https://glen-the-editor@example.org/desk.git":                               false,
		"ssh://git@example.org/desk.git":                                             false,
		"git@example.org:desk.git":                                                   false,
		"/srv/desk.git#main":                                                         false,
		"https://jane:hush@example.org/desk.git":                                     true,
		"https://hush:@example.org/desk.git":                                         true,
		"http://jane:hush@example.org/desk.git":                                      true,
		"https://ghp_0123456789abcdef@example.org/desk.git":                          true,
		"https://github_pat_0123456789abcdef@example.org/desk.git":                   true,
		"https://glpat-0123456789abcdef@example.org/desk.git":                        true,
		"https://0123456789abcdef0123456789abcdef01234567@example.org/desk.git#main": true,
	} {
		if a, err := ParseAddress(text); err != nil || a.HasSecret() != want {
			t.Errorf("%s: %v, %v", text, a.HasSecret(), err)
		}
	}
}

// TestInClear tells addresses whose host is asked where others may listen.
func TestInClear(t *testing.T) {
	for text, want := range map[string]bool{
		"http://example.org/desk.git":           true,
		"http://example.org:8080/desk.git":      true,
		"http://10.0.0.1/desk.git":              true,
		"http://[2001:db8::1]/desk.git":         true,
		"http://localhost.example.org/desk.git": true,
		"http://127.0.0.1.example.org/desk.git": true,
		"http://localhost:3000/desk.git":        false,
		"http://127.0.0.1:3000/desk.git":        false,
		"http://127.1.2.3/desk.git":             false,
		"http://[::1]:3000/desk.git":            false,
		"http://[::ffff:127.0.0.1]/desk.git":    false,
		"https://example.org/desk.git":          false,
		"ssh://git@example.org/desk.git":        false,
		"/srv/desk.git#main":                    false,
	} {
		if a, err := ParseAddress(text); err != nil || a.InClear() != want {
			t.Errorf("%s: %v, %v", text, a.InClear(), err)
		}
	}
}
