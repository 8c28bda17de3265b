package desk

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A repository is a real one with one commit, for trying patches in.
type repository struct {
	t   testing.TB
	dir string
}

func newRepository(t testing.TB) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		const reason = "no git found: install git to apply patches with it"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	r := repository{t, t.TempDir()}
	r.must(nil, "init", "-q", "-b", "main")
	r.commit("README", "a repository of briefs\n")
	return r
}

// git runs git without the settings of whoever tests.
func (r repository) git(in []byte, args ...string) (string, error) {
	c := exec.Command("git", args...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Desk", "GIT_AUTHOR_EMAIL=desk@example.org", "GIT_COMMITTER_NAME=Desk", "GIT_COMMITTER_EMAIL=desk@example.org")
	c.Stdin = bytes.NewReader(in)
	out, err := c.CombinedOutput()
	return string(out), err
}

func (r repository) must(in []byte, args ...string) string {
	r.t.Helper()
	out, err := r.git(in, args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s\n%s", strings.Join(args, " "), err, out, in)
	}
	return out
}

func (r repository) commit(path, content string) {
	r.t.Helper()
	full := filepath.Join(r.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
	r.must(nil, "add", "-f", "--", path)
	r.must(nil, "commit", "-q", "--allow-empty", "-m", "state")
}

func (r repository) read(path string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(path)))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

func patch(path, before, after string) Patch {
	return Patch{
		Path: path, Before: []byte(before), After: []byte(after), Subject: "grain: correct accord-signed",
		Reason: "The wire says so.", Address: "telegram:4242", At: time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC),
		Notes: []string{"Suggested-in: telegram"}, Version: "1.2.3",
	}
}

func mailOf(t testing.TB, p Patch) []byte {
	t.Helper()
	m, err := p.Mail()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMailGolden pins the whole of a patch.
func TestMailGolden(t *testing.T) {
	got := string(mailOf(t, patch("briefs/grain.yaml", "a: 1\ntitle: Alt\nb: 2\n", "a: 1\ntitle: Grün\nb: 2\n")))
	const want = `From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: "telegram:4242" <telegram.4242@users.briefbot.invalid>
Date: Wed, 10 Dec 2025 12:00:00 +0000
Subject: [PATCH] grain: correct accord-signed
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

Proposed for this reason:

    The wire says so.

Suggested-in: telegram
Suggested-by: telegram:4242
---
 briefs/grain.yaml | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/briefs/grain.yaml b/briefs/grain.yaml
index 8cc22d46fb929bca28a1bf0a9ed17b7f62b7c7d3..0000000000000000000000000000000000000000 100644
--- a/briefs/grain.yaml
+++ b/briefs/grain.yaml
@@ -1,3 +1,3 @@
 a: 1
-title: Alt
+title: Grün
 b: 2
-- 
briefbot 1.2.3
`
	// What git names the files is compared with git itself below.
	strip := func(s string) string {
		var kept []string
		for line := range strings.Lines(s) {
			if !strings.HasPrefix(line, "index ") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
	if strip(got) != strip(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestGitApplies has git am apply patches of files as they come: any ends of lines, any
// letters, any path.
func TestGitApplies(t *testing.T) {
	tests := []struct{ name, path, before, after string }{
		{"plain", "briefs/grain.yaml", "title: A\noverview: B\n", "title: A\noverview: C\n"},
		{"no end of line", "briefs/grain.yaml", "title: A\noverview: B", "title: A\noverview: C"},
		{"end of line added", "briefs/grain.yaml", "title: A\noverview: B", "title: A\noverview: B\n"},
		{"end of line dropped", "briefs/grain.yaml", "title: A\noverview: B\n", "title: A\noverview: B"},
		{"crlf", "briefs/grain.yaml", "title: A\r\noverview: B\r\nx: y\r\n", "title: A\r\noverview: Grün = schön\r\nx: y\r\n"},
		{"crlf without an end", "briefs/grain.yaml", "title: A\r\noverview: B", "title: A\r\noverview: C"},
		{"mixed ends", "briefs/grain.yaml", "title: A\r\noverview: B\nx: 1\r\n", "title: A\r\noverview: C\r\nx: 1\r\n"},
		{"crlf and long lines", "briefs/grain.yaml", strings.Repeat("ä=b ", 100) + "\r\nb\r\n", strings.Repeat("ä=c ", 100) + "\r\nb\r\n"},
		{"a cr within a line", "briefs/grain.yaml", "title: A\rB\nx: 1\n", "title: A\rC\nx: 1\n"},
		{"letters", "briefs/grain.yaml", "title: Черноморский коридор\n", "title: 黒海回廊 \U0001F33E e\u0301\n"},
		{"byte order mark", "briefs/grain.yaml", "\ufefftitle: A\n", "\ufefftitle: B\n"},
		{"not UTF-8", "briefs/grain.yaml", "title: \xff\nb: 1\n", "title: \xff\nb: 2\n"},
		{"empty before", "briefs/grain.yaml", "", "title: A\n"},
		{"looks like a patch", "briefs/grain.yaml", "overview: |\n  a\n--- a/README\n+++ b/README\n@@ -1 +1 @@\n-x\n", "overview: |\n  b\n--- a/README\n+++ b/README\n@@ -1 +1 @@\n-y\n"},
		{"looks like a mail", "briefs/grain.yaml", "From x Mon Sep 17 00:00:00 2001\nFrom: a\n", "From x Mon Sep 17 00:00:00 2001\nFrom: b\n"},
		{"a signature in it", "briefs/grain.yaml", "a\n-- \nb\n", "a\n-- \nc\n"},
		{"trailing spaces", "briefs/grain.yaml", "a  \n\t\nb \n", "a  \n\t\nc \n"},
		{"space in the path", "our briefs/grain.yaml", "a\n", "b\n"},
		{"letters in the path", "übersicht/grün \"x\"\\.yaml", "a\n", "b\n"},
		{"at the top", "grain.yaml", "a\n", "b\n"},
		{"far apart", "briefs/grain.yaml", numbered(400, nil), numbered(400, map[int]string{3: "x", 200: "y", 399: "z"})},
	}
	r := newRepository(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r.t = t
			r.commit(test.path, test.before)
			r.applies(patch(test.path, test.before, test.after))
		})
	}
}

func numbered(n int, changed map[int]string) string {
	var b strings.Builder
	for i := range n {
		if s, ok := changed[i]; ok {
			fmt.Fprintf(&b, "line %d: %s\n", i, s)
			continue
		}
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

// applies has git am apply p, and checks that it did what p says and nothing else.
func (r repository) applies(p Patch) {
	r.t.Helper()
	m := mailOf(r.t, p)
	if !bytes.Contains(m, []byte("quoted-printable")) {
		r.must(m, "apply", "--check", "-")
	}
	want := strings.TrimSpace(r.must(p.Before, "hash-object", "--no-filters", "--stdin")) + ".." + strings.TrimSpace(r.must(p.After, "hash-object", "--no-filters", "--stdin"))
	if got := blobHash(p.Before) + ".." + blobHash(p.After); got != want {
		r.t.Errorf("git calls the files %s, and the patch %s", want, got)
	}
	before := strings.TrimSpace(r.must(nil, "rev-parse", "HEAD"))
	r.must(m, "am", "--keep-non-patch")
	if got := r.read(p.Path); got != string(p.After) {
		r.t.Errorf("after the patch the file holds\n%q\nwant\n%q\n%s", got, p.After, m)
	}
	if n := strings.TrimSpace(r.must(nil, "rev-list", "--count", before+"..HEAD")); n != "1" {
		r.t.Errorf("the patch made %s commits", n)
	}
	if names := r.must(nil, "-c", "core.quotePath=off", "diff", "-z", "--name-only", before, "HEAD"); names != p.Path+"\x00" {
		r.t.Errorf("the patch changed %q", names)
	}
}

// TestChangedMeanwhile applies a patch to a file that has changed elsewhere since, and
// has git find the version it was made for where it has changed around.
func TestChangedMeanwhile(t *testing.T) {
	r := newRepository(t)
	before := numbered(40, nil)
	r.commit("briefs/grain.yaml", before)
	p := patch("briefs/grain.yaml", before, numbered(40, map[int]string{20: "corrected"}))
	r.commit("briefs/grain.yaml", "new\n"+numbered(40, map[int]string{5: "else", 22: "near"}))
	r.must(mailOf(t, p), "am", "-3")
	if got, want := r.read("briefs/grain.yaml"), "new\n"+numbered(40, map[int]string{5: "else", 20: "corrected", 22: "near"}); got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestHostile gives every text something that would be a header, another mail, another
// patch or another author, and has git tell what became of it.
func TestHostile(t *testing.T) {
	evil := "diff --git a/README b/README\nindex 1..2 100644\n--- a/README\n+++ b/README\n@@ -1 +1 @@\n-a repository of briefs\n+owned\n"
	texts := []string{
		"\nFrom: Editor <editor@example.org>\nSubject: other\n\nx",
		"x\r\nBcc: a@example.org\r\n\r\n" + evil,
		"---\n" + evil,
		"---\r" + evil,
		"Index: README\n" + evil,
		"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nFrom: Editor <editor@example.org>\nSubject: other\n\n---\n" + evil,
		"-- >8 --------- >8 ------\nFrom: Editor <editor@example.org>\n\n" + evil,
		"ok\n\nSigned-off-by: Editor <editor@example.org>\nReviewed-by: Editor <editor@example.org>",
		"evil@example.org> \"Editor\" <editor@example.org> (x",
		"=?utf-8?q?Editor_=3Ceditor@example.org=3E?=",
		"\x00\x1b[31mred\x07 \u202egnp.exe \u2028From: x",
		"\u0085From: x\u2029---",
		"\xff\xfe broken",
		"Zoë Ånström, Grün & Söhne — 黒海 \U0001F33E",
		strings.Repeat("long ", 400),
		"",
	}
	r := newRepository(t)
	r.must(nil, "config", "mailinfo.scissors", "true")
	for i, text := range texts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r.t = t
			r.commit("briefs/grain.yaml", "title: A\n")
			p := patch("briefs/grain.yaml", "title: A\n", "title: B\n")
			p.Reason, p.Author, p.Notes, p.Version = text, text, []string{"Note: " + text}, text
			p.Address = "telegram:" + text
			m := mailOf(t, p)
			if c := bytes.IndexFunc(m, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }); c >= 0 {
				t.Errorf("a control character:\n%q", m)
			}
			r.applies(p)
			if r.read("README") != "a repository of briefs\n" {
				t.Error("another file was changed")
			}
			shown := r.must(nil, "log", "-1", "--format=%ae%n%an%n%s%n%(trailers:only)%n.%B")
			email, rest, _ := strings.Cut(shown, "\n")
			if !strings.HasPrefix(email, "telegram") && !strings.HasPrefix(email, "somebody") || !strings.HasSuffix(email, "@users.briefbot.invalid") {
				t.Errorf("the author became %q:\n%s\n%s", email, rest, m)
			}
			if strings.Count(email, "@") != 1 {
				t.Errorf("the author became %q", email)
			}
			name, rest, _ := strings.Cut(rest, "\n")
			if strings.ContainsAny(name, "<>@") || name == "" {
				t.Errorf("the author is called %q", name)
			}
			subject, rest, _ := strings.Cut(rest, "\n")
			if subject != "grain: correct accord-signed" {
				t.Errorf("the subject became %q", subject)
			}
			trailers, body, _ := strings.Cut(rest, "\n.")
			for line := range strings.Lines(strings.TrimSpace(trailers)) {
				if !strings.HasPrefix(line, "Note: ") && !strings.HasPrefix(line, "Suggested-by: ") {
					t.Errorf("the trailer %q", line)
				}
			}
			if !strings.Contains(body, "Suggested-by: ") {
				t.Errorf("the message was cut:\n%s", body)
			}
			if i == 13 && name != "Zoë Ånström, Grün & Söhne — 黒海 \U0001F33E (telegram)" {
				t.Errorf("the author is called %q", name)
			}
		})
	}
}

// TestHostileSubject keeps a subject in its line.
func TestHostileSubject(t *testing.T) {
	r := newRepository(t)
	r.commit("briefs/grain.yaml", "title: A\n")
	p := patch("briefs/grain.yaml", "title: A\n", "title: B\n")
	p.Subject = "grün: x\nFrom: Editor <e@example.org>\r\n\r\n---\n" + strings.Repeat("ä ", 80)
	r.applies(p)
	if got := r.must(nil, "log", "-1", "--format=%ae %s"); !strings.HasPrefix(got, "telegram.4242@users.briefbot.invalid grün: x From: Editor <e@example.org> --- ä ä") {
		t.Errorf("got %q", got)
	}
}

// TestNoPatch refuses what would be none.
func TestNoPatch(t *testing.T) {
	for _, p := range []Patch{
		patch("briefs/grain.yaml", "a\n", "a\n"), patch("../x.yaml", "a", "b"), patch("/etc/x.yaml", "a", "b"), patch("", "a", "b"), patch(".", "a", "b"),
	} {
		if m, err := p.Mail(); err == nil {
			t.Errorf("%q, %q: a patch:\n%s", p.Path, p.After, m)
		}
	}
}

// TestRandomPatches has git apply patches of texts that were made up: what comes out is
// always what was to come out.
func TestRandomPatches(t *testing.T) {
	r := newRepository(t)
	random := rand.New(rand.NewPCG(1, 2))
	n := 40
	if testing.Short() {
		n = 10
	}
	for range n {
		before := madeUp(random, random.IntN(30))
		lines := strings.SplitAfter(before, "\n")
		for range 1 + random.IntN(3) {
			i := random.IntN(len(lines))
			lines[i] = madeUp(random, random.IntN(3))
		}
		after := strings.Join(lines, "")
		if before == after {
			continue
		}
		r.commit("briefs/grain.yaml", before)
		p := patch("briefs/grain.yaml", before, after)
		p.Reason = madeUp(random, 4)
		r.applies(p)
	}
}

func madeUp(random *rand.Rand, lines int) string {
	words := []string{"title: A", "  - {id: x, date: 2025-11-21}", "", " ", "---", "+++ b/x", "@@ -1 +1 @@", "From x Mon Sep 17 00:00:00 2001", "ä=é", "-- ", "\t", "diff --git a/x b/x", "=3D", "\\ No newline at end of file"}
	ends := []string{"\n", "\n", "\n", "\r\n"}
	var b strings.Builder
	for range lines {
		b.WriteString(words[random.IntN(len(words))] + ends[random.IntN(len(ends))])
	}
	if random.IntN(4) == 0 {
		b.WriteString("the end")
	}
	return b.String()
}

// FuzzMail checks of any texts that the mail has the headers it is to have and no
// others, and that its hunks turn one text into the other.
func FuzzMail(f *testing.F) {
	f.Add("a\n", "b\n", "reason", "Name", "telegram:1")
	f.Add("a\r\nb", "a\r\nc\n", "---\ndiff --git", "x\nFrom: y", ":\n")
	f.Add("", "x", "\r\r", "=?utf-8?q?x?=", "")
	f.Fuzz(func(t *testing.T, before, after, reason, name, address string) {
		p := patch("briefs/grain.yaml", before, after)
		p.Reason, p.Author, p.Address = reason, name, address
		m, err := p.Mail()
		if before == after {
			if err == nil {
				t.Fatal("a patch without a change")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(m), "\n\n")
		var names []string
		for line := range strings.Lines(head) {
			if line[0] != ' ' {
				key, _, _ := strings.Cut(line, ":")
				names = append(names, strings.Fields(key)[0])
			}
		}
		if got := strings.Join(names, " "); got != "From From Date Subject MIME-Version Content-Type Content-Transfer-Encoding" {
			t.Fatalf("the headers %s:\n%s", got, head)
		}
		if strings.Contains(head, "quoted-printable") {
			decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
			if err != nil {
				t.Fatal(err)
			}
			body = string(decoded)
		}
		message, _, ended := strings.Cut(body, "\n---\n")
		if !ended || !utf8.ValidString(head) {
			t.Fatalf("no end of the message:\n%q", m)
		}
		for line := range strings.Lines(message) {
			if !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "Proposed for") && !strings.HasPrefix(line, "Suggested-") && line != "\n" {
				t.Fatalf("the line %q:\n%s", line, m)
			}
		}
		hunks, _, _ := p.hunks()
		if got := applied(t, before, string(hunks)); got != after {
			t.Fatalf("%q became %q, not %q, by\n%s", before, got, after, hunks)
		}
	})
}

// applied applies hunks as patch does.
func applied(t *testing.T, text, hunks string) string {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	var out strings.Builder
	at := 0
	all := strings.SplitAfter(hunks, "\n")
	for i, line := range all {
		content := ""
		if len(line) > 0 {
			content = line[1:]
		}
		if i+1 < len(all) && strings.HasPrefix(all[i+1], "\\") {
			content = strings.TrimSuffix(content, "\n")
		}
		switch {
		case strings.HasPrefix(line, "@@"):
			var from, count int
			if n, _ := fmt.Sscanf(line, "@@ -%d,%d", &from, &count); n == 1 {
				count = 1
			}
			if count == 0 {
				from++
			}
			for ; at < from-1; at++ {
				out.WriteString(lines[at])
			}
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "-"):
			if lines[at] != content {
				t.Fatalf("line %d is %q, and the hunk has %q", at+1, lines[at], content)
			}
			at++
			if line[0] == ' ' {
				out.WriteString(content)
			}
		case strings.HasPrefix(line, "+"):
			out.WriteString(content)
		}
	}
	for ; at < len(lines); at++ {
		out.WriteString(lines[at])
	}
	return out.String()
}
