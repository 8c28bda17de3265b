package desk

import (
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// excerptWidth is how many columns of a line are shown.
const excerptWidth = 100

func itoa(n int) string { return strconv.Itoa(n) }

// window returns the part of a line that shows its characters from to to, and in which
// columns of it they stand. What cannot be printed is shown as a dot.
func window(line string, from, to int) (shown string, start, end int) {
	runes := []rune(line)
	from, to = min(from, len(runes)), min(to, len(runes))
	first := 0
	if from > excerptWidth*3/4 {
		first = from - excerptWidth/2
	}
	var b strings.Builder
	if first > 0 {
		b.WriteString("…")
	}
	column := 0
	if first > 0 {
		column = 1
	}
	for i := first; i < len(runes) && column < excerptWidth; i++ {
		if i == from {
			start = column
		}
		if i == to {
			end = column
		}
		r := runes[i]
		switch {
		case r == '\t':
			r = ' '
		case !strconv.IsPrint(r):
			r = '·'
		}
		b.WriteRune(r)
		column += columns(r)
	}
	if from >= len(runes) {
		start = column
	}
	if to >= len(runes) || end < start {
		end = max(start+1, min(column, end))
		if to >= len(runes) {
			end = max(start+1, column)
		}
	}
	return b.String(), start, end
}

// columns is how wide a character is on a terminal.
func columns(r rune) int {
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}
