package desk

import (
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"github.com/briefbot/briefbot/internal/brief"
)

// Excerpt shows the line of a problem with a mark under what is wrong, and how it is
// mended. Each of its lines begins with spaces.
func Excerpt(text []byte, p brief.Problem) string {
	lines := strings.Split(string(text), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return ""
	}
	line := strings.TrimRight(lines[p.Line-1], "\r")
	number := strings.Repeat(" ", 4) + itoa(p.Line)
	margin := strings.Repeat(" ", len(number)) + " |"
	end := p.EndColumn
	if p.EndLine != p.Line || end <= p.Column {
		end = p.Column + 1
	}
	shown, from, to := window(line, p.Column-1, end-1)
	var b strings.Builder
	b.WriteString(number + " | " + shown + "\n")
	b.WriteString(margin + " " + strings.Repeat(" ", from) + strings.Repeat("^", max(1, to-from)) + "\n")
	if p.Fix != nil {
		b.WriteString(margin + " fix: " + p.Fix.Says + "\n")
	}
	return b.String()
}

// excerptWidth is how many columns of a line are shown.
const excerptWidth = 100

func itoa(n int) string { return strconv.Itoa(n) }

// window returns the part of a line that shows its characters from to to, and in which
// columns of it they stand. What cannot be printed is shown as a dot.
func window(line string, from, to int) (shown string, start, end int) {
	runes := []rune(line)
	from, to = min(from, len(runes)), min(to, len(runes))
	first, column := 0, 0
	var b strings.Builder
	if from > excerptWidth*3/4 {
		first, column = from-excerptWidth/2, 1
		b.WriteString("…")
	}
	start, end = -1, -1
	for i := first; i < len(runes); i++ {
		if column >= excerptWidth {
			b.WriteString("…")
			break
		}
		if i == from {
			start = column
		}
		if i == to {
			end = column
		}
		r := printable(runes[i])
		b.WriteRune(r)
		column += columns(r)
	}
	if start < 0 {
		start = column
	}
	if end < 0 {
		end = column
	}
	return b.String(), start, max(start+1, end)
}

// printable returns a character as it is shown in a line of a terminal.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !strconv.IsPrint(r):
		return '·'
	}
	return r
}

// columns is how wide a character is on a terminal.
func columns(r rune) int {
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}
