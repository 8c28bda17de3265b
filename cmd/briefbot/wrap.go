package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/briefbot/briefbot/internal/chat"
)

// widest is how many columns a line of prose fills at most: longer ones are hard to
// read.
const widest = 100

// columns returns how wide lines may be on w: zero where it is no terminal, whose
// lines are left as they are.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil || n <= 0 {
		return 0
	}
	return min(n, widest)
}

// wrap breaks the lines of text between words so that none is wider than columns,
// and indents what it breaks off like the line's first word, or the text behind its
// bullet. A word that is wider stays whole.
func wrap(text string, columns int) string {
	if columns <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " ")
		indent := strings.Repeat(" ", len(line)-len(body))
		b.WriteString(indent)
		if strings.HasPrefix(body, "• ") {
			indent += "  "
		}
		at := len(line) - len(body)
		for i, word := range strings.Split(strings.TrimRight(body, "\n"), " ") {
			w := chat.Columns(word)
			switch {
			case i == 0:
			case at+1+w > columns && at > len(indent):
				b.WriteString("\n" + indent)
				at = len(indent)
			default:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += w
		}
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
