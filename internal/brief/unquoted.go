package brief

import (
	"bytes"
	"regexp"
	"strings"
)

// entryLine is a line that holds a key and a text: what stands before the text, the text,
// and the space after it.
var entryLine = regexp.MustCompile(`^([ ]*(?:- +)*[a-z_]+:[ ]+|[ ]*(?:- +)+)(\S.*?)([ \r]*)$`)

// offerQuotes has the text of a line that keeps the file from being YAML put in quotation
// marks, if that alone is what is wrong up to the end of the line. The problem noted last
// is then said of that text.
func (d *decoder) offerQuotes(near int) {
	for _, line := range []int{near, near - 1, near + 1} {
		if d.last >= 0 && line >= 1 && d.offerQuotesAt(line) {
			return
		}
	}
}

func (d *decoder) offerQuotesAt(line int) bool {
	start, text := d.offset(place{line, 1}), d.lineAt(line)
	m := entryLine.FindSubmatchIndex(text)
	if m == nil {
		return false
	}
	quoted := quotedWhole(string(text[m[4]:m[5]]))
	if text[m[4]] == '*' && bytes.IndexByte(d.data, '&') >= 0 {
		return false // it may stand for an anchor
	}
	before := d.data[:start]
	reads := func(end string) bool { return readAll(bytes.NewReader(append(bytes.Clone(before), end...))) == nil }
	if quoted == "" || !reads("") || reads(string(text)+"\n") || !reads(string(text[:m[4]])+quoted+"\n") {
		return false
	}
	from, to := d.position(start+m[4]), d.position(start+m[5])
	p := &d.problems[d.last]
	p.Line, p.Column, p.EndLine, p.EndColumn = from.line, from.column, to.line, to.column
	d.mend("write "+quoted, Edit{Span{start + m[4], start + m[5]}, quoted})
	p.Fix.Reveals = true
	return true
}

// quotedWhole returns a text in quotation marks that was written without, or with some
// that end before it does; "" where it is not certain what the text is.
func quotedWhole(written string) string {
	first := written[0]
	switch {
	case strings.IndexByte("[]{}|>,", first) >= 0 || strings.Contains(written, " #") || strings.HasPrefix(written, "- ") || strings.Contains(written, "\t"):
		return "" // another form, a comment, or a list
	case first == '"' && strings.HasSuffix(written, `"`) && len(written) > 1:
		inner := written[1 : len(written)-1]
		if i := strings.IndexByte(inner, '"'); i <= 0 || inner[i-1] != ' ' {
			return "" // nobody can tell: "A" and "B"
		}
		written = inner
	case first == '\'' && strings.HasSuffix(written, "'") && len(written) > 1:
		written = strings.ReplaceAll(written[1:len(written)-1], "''", "'")
	case first == '\'' || first == '"' && strings.Count(written, `"`)%2 != 0:
		return ""
	}
	return "'" + strings.ReplaceAll(written, "'", "''") + "'"
}
