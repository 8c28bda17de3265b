package desk

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
)

// A Patch is a change of one file that somebody proposes. Whatever stands in its
// texts, no header, trailer or other patch comes of it.
type Patch struct {
	Path          string // of the file in its repository, with slashes
	Before, After []byte // what the file holds, and what it would
	Subject       string // what the change does, in one line
	Reason        string // why, in the words of the one who proposes it
	Author        string // a name for people; empty: the address
	Address       string // as the configuration writes it: telegram:4242
	At            time.Time
	Notes         []string // what else is to be said, each a line of the form “Key: value”
	Version       string   // of the program; may be empty
}

// Mail returns the patch as a mail that git am applies, and that git apply takes too
// unless lines of the file end with CRLF. The error says that nothing would change, or
// that the path is none inside a repository.
func (p Patch) Mail() ([]byte, error) {
	if !fs.ValidPath(p.Path) || p.Path == "." {
		return nil, fmt.Errorf("making a patch: %q is no path in a repository", p.Path)
	}
	hunks, added, removed := p.hunks()
	if hunks == nil {
		return nil, errors.New("making a patch: nothing would change")
	}
	var body bytes.Buffer
	p.message(&body)
	fmt.Fprintf(&body, "---\n %s | %d %s%s\n", oneLine(p.Path), added+removed, strings.Repeat("+", min(added, 20)), strings.Repeat("-", min(removed, 20)))
	fmt.Fprintf(&body, " 1 file changed, %s, %s\n\n", counted(added, "insertion(+)", "insertions(+)"), counted(removed, "deletion(-)", "deletions(-)"))
	p.header(&body)
	body.Write(hunks)
	fmt.Fprintf(&body, "-- \n%s\n", strings.TrimSpace("briefbot "+oneLine(p.Version)))
	return p.envelope(body.Bytes()), nil
}

// envelope puts the headers of a mail before its body. What splits mails takes a CR at
// the end of a line for a habit of mails and drops it: lines that have one are encoded.
func (p Patch) envelope(body []byte) []byte {
	var m bytes.Buffer
	encoding := "8bit"
	if bytes.Contains(body, []byte("\r\n")) {
		body, encoding = quotable(body), "quoted-printable"
	}
	fmt.Fprintf(&m, "From %040d Mon Sep 17 00:00:00 2001\n", 0)
	fmt.Fprintf(&m, "From: %s\n", author(p.Author, p.Address))
	fmt.Fprintf(&m, "Date: %s\n", p.At.UTC().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	subject := mime.QEncoding.Encode("utf-8", "[PATCH] "+oneLine(p.Subject))
	fmt.Fprintf(&m, "Subject: %s\n", strings.ReplaceAll(subject, "\r\n", "\n"))
	fmt.Fprintf(&m, "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: %s\n\n", encoding)
	m.Write(body)
	return m.Bytes()
}

// message writes what becomes the commit's message below its subject. What others
// wrote is indented: git reads headers, trailers and the beginning of a patch where a
// line begins with them.
func (p Patch) message(b *bytes.Buffer) {
	if reason := quoteLines(p.Reason); reason != "" {
		fmt.Fprintf(b, "Proposed for this reason:\n\n%s\n", reason)
	}
	for _, note := range p.Notes {
		fmt.Fprintf(b, "%s\n", oneLine(note))
	}
	fmt.Fprintf(b, "Suggested-by: %s\n", oneLine(p.Address))
}

// quoteLines indents what somebody wrote. With mailinfo.scissors git drops what stands
// above a line of dashes and scissors: there are none of them left in it.
func quoteLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(shown(s))) {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if strings.Contains(line, "-") {
			line = strings.NewReplacer(">8", "> 8", "8<", "8 <", ">%", "> %", "%<", "% <").Replace(line)
		}
		if line != "" {
			b.WriteString("    " + line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// header writes the lines of git's diff above the hunks, with the whole hashes by which
// git finds the file where it has changed since.
func (p Patch) header(b *bytes.Buffer) {
	a, c := quotePath("a/"+p.Path), quotePath("b/"+p.Path)
	// A tab ends a name with a space in it.
	end := ""
	if strings.Contains(p.Path, " ") {
		end = "\t"
	}
	fmt.Fprintf(b, "diff --git %s %s\n", a, c)
	fmt.Fprintf(b, "index %s..%s 100644\n", blobHash(p.Before), blobHash(p.After))
	fmt.Fprintf(b, "--- %s%s\n+++ %s%s\n", a, end, c, end)
}

// hunks returns the unified diff without its header, nil where nothing differs.
func (p Patch) hunks() (hunks []byte, added, removed int) {
	text := diff.Diff("a", p.Before, "b", p.After)
	for range 3 { // its own header
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	if len(text) == 0 {
		return nil, 0, 0
	}
	for line := range bytes.Lines(text) {
		switch line[0] {
		case '+':
			added++
		case '-':
			removed++
		}
	}
	return text, added, removed
}

// blobHash is how git names a file of this content.
func blobHash(content []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// quotePath writes a path as git does in a patch: quoted as in C where a byte of it is
// not plain ASCII.
func quotePath(path string) string {
	plain := func(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
	var b strings.Builder
	quoted := false
	for i := range len(path) {
		switch c := path[i]; {
		case plain(c):
			b.WriteByte(c)
			continue
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
		quoted = true
	}
	if quoted {
		return `"` + b.String() + `"`
	}
	return path
}

// quotable encodes a text so that every line keeps its end.
func quotable(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		content, ended := bytes.CutSuffix(line, []byte("\n"))
		w := quotedprintable.NewWriter(&b)
		w.Binary = true
		// Neither fails: the buffer takes everything.
		_, _ = w.Write(content)
		_ = w.Close()
		if ended {
			b.WriteByte('\n')
		}
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("=\r\n"), []byte("=\n"))
}

// maxName is how many bytes a name in a header has: git takes the address in place of
// a longer one.
const maxName = 60

// author returns the header's value for one who has no mail address.
func author(name, address string) string {
	service, id, _ := strings.Cut(oneLine(address), ":")
	local := strings.Trim(strings.Map(localPart, service+"."+id), ".-")
	if local == "" {
		local = "somebody"
	}
	a := mail.Address{Name: personName(name), Address: shortened(local, 60) + "@users.briefbot.invalid"}
	after := ""
	if a.Name == "" {
		a.Name = personName(address)
	} else if service = shortened(personName(service), 20); service != "" {
		after = " (" + service + ")"
	}
	a.Name = shortened(a.Name, maxName-len(after)) + after
	return strings.ReplaceAll(a.String(), "\r\n", "\n")
}

// localPart keeps of a character what any mail address may have.
func localPart(r rune) rune {
	if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.') {
		return r
	}
	return '-'
}

// personName returns a name without what git, which decodes a header before it reads
// the address in it, takes for part of an address or a comment.
func personName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>@"\()=?`, r) {
			return -1
		}
		return r
	}, oneLine(name))
	return strings.TrimSpace(name)
}

// shortened returns the first characters of s, in at most so many bytes.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most])
}

// oneLine returns s in one line, without what cannot be shown.
func oneLine(s string) string { return strings.Join(strings.Fields(shown(s)), " ") }

// shown returns s without the characters that would do something to a terminal: all
// controls but the ends of lines and tabs, and what turns the direction of text round.
func shown(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r == '\u2028' || r == '\u2029', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
