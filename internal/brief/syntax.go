package brief

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// A syntaxError is how an error of the YAML library is told.
type syntaxError struct {
	advice string

	// The library gives the line before the one at which the mapping or list begins
	// that is not well-formed, however far away.
	vague bool
}

const (
	openQuote   = "a quotation mark is opened here and never closed"
	badEscape   = `a backslash in double quotes begins an escape, and this is none: write \\ for a backslash, or use single quotes`
	noDirective = "a line may not begin with % here: indent the text, or put it in quotes"
	quoteTag    = "a text that begins with ! must be in quotes"
	tooDeep     = "the file is nested too deeply"
)

// syntaxErrors holds what the library says, as of version 3.0.1.
var syntaxErrors = map[string]syntaxError{
	"did not find expected key": {vague: true,
		advice: "this does not go on where the line before stopped: check the indentation, and quotation marks inside quotation marks"},
	"did not find expected '-' indicator": {vague: true,
		advice: "a list is under way, and this begins no item of it: check the indentation, or begin the line with a hyphen"},
	"did not find expected ',' or ']'": {vague: true,
		advice: "a list in brackets is not finished here: write a comma between its items, and ] at its end"},
	"did not find expected ',' or '}'": {vague: true,
		advice: "a mapping in braces is not finished here: write a comma between its entries, and } at its end"},
	"did not find expected node content":     {vague: true, advice: "a value is missing here, or a bracket or brace is not closed"},
	"did not find expected <document start>": {vague: true, advice: "the brief has ended before this line: check its indentation"},
	"found undefined tag handle":             {vague: true, advice: quoteTag},
	"found duplicate %YAML directive":        {vague: true, advice: "a brief needs no %YAML line: take it out"},
	"found incompatible YAML document":       {vague: true, advice: "a brief needs no %YAML line: take it out"},
	"found duplicate %TAG directive":         {vague: true, advice: "a brief needs no %TAG line: take it out"},
	unreadable:                               {vague: true, advice: "this cannot be read as YAML"},

	"found character that cannot start any token":            {advice: "a text that begins with this character must be in quotes"},
	"mapping values are not allowed in this context":         {advice: "there is a second colon here, or the line is indented too far: put a text with “: ” in quotes"},
	"block sequence entries are not allowed in this context": {advice: "a list begins on a line of its own: write the hyphen below the key"},
	"mapping keys are not allowed in this context":           {advice: "a text that begins with ? must be in quotes"},
	"could not find expected ':'":                            {advice: "this is a key without a colon, or a text that goes on in a line that is not indented"},
	"found unexpected end of stream":                         {advice: openQuote},
	"found unexpected document indicator":                    {advice: openQuote},
	"found unknown escape character":                         {advice: badEscape},
	"did not find expected hexdecimal number":                {advice: badEscape},
	"found invalid Unicode character escape code":            {advice: badEscape},
	"did not find expected comment or line break":            {advice: "after | or > the text begins on the next line"},
	"found an indentation indicator equal to 0":              {advice: "after | or > comes a digit from 1 to 9, or nothing"},
	"did not find expected alphabetic or numeric character":  {advice: "a text that begins with & or * must be in quotes"},
	"did not find expected tag URI":                          {advice: quoteTag},
	"did not find expected '!'":                              {advice: quoteTag},
	"did not find the expected '>'":                          {advice: quoteTag},
	"did not find URI escaped octet":                         {advice: quoteTag},
	"did not find expected whitespace or line break":         {advice: "a space is missing here"},
	"found unknown directive name":                           {advice: noDirective},
	"could not find expected directive name":                 {advice: noDirective},
	"found unexpected non-alphabetical character":            {advice: noDirective},
	"did not find expected version number":                   {advice: noDirective},
	"exceeded max depth of 10000":                            {advice: tooDeep},
}

// syntax records that the file is not YAML, at the best place that can be found.
func (d *decoder) syntax(err error) {
	line, message := splitSyntax(err)
	line = d.fromYAML(place{line, 1}).line
	e, known := syntaxErrors[message]
	if !known {
		e.advice = "this is not YAML: " + message
	}
	where := d.lineStart(line)
	tab, tabbed := d.tab(line)
	switch {
	case strings.HasPrefix(message, anchorError):
		name := strings.Split(message, "'")[1]
		where = d.find("*"+name, fileStart)
		e.advice = "*" + clip(name) + " stands for an anchor that is not there: put a text that begins with * in quotes"
	case message == "control characters are not allowed":
		d.controlCharacter()
		return
	case strings.HasPrefix(message, "found a tab character") && tabbed, e == syntaxErrors[cannotStart] && tab.line == where.line:
		where, e.advice = tab, "a tab stands in the indentation: use spaces"
	case e.advice == openQuote && !bytes.ContainsAny(d.lineAt(where.line), `"'`):
		where = d.lineStart(1) // the library leaves out the first line
	case e.vague:
		where = d.lineStart(d.brokenLine())
		if at := uncertainDate.FindIndex(d.lineAt(where.line)); at != nil {
			where = d.position(d.offset(place{where.line, 1}) + at[0])
			e.advice = "inside brackets and braces the YAML reader takes ? for a key: put a date with ? in quotes"
		}
	}
	d.fail(where, "syntax", "%s", e.advice)
	d.offerQuotes(where.line)
}

const (
	anchorError = "unknown anchor '"
	cannotStart = "found character that cannot start any token"
)

var syntaxLine = regexp.MustCompile(`^line (\d+): `)

// splitSyntax returns the line that an error of the YAML library gives, 1 if it
// gives none, and what it says.
func splitSyntax(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	match := syntaxLine.FindStringSubmatch(message)
	if match == nil {
		return 1, message
	}
	line, _ = strconv.Atoi(match[1])
	return line, message[len(match[0]):]
}

// tab returns the place of the first tab in an indentation, from a line on.
func (d *decoder) tab(line int) (p place, ok bool) {
	for start := d.offset(place{line, 1}); start < len(d.data); line++ {
		text, _, _ := bytes.Cut(d.data[start:], []byte{'\n'})
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		if i := bytes.IndexByte(indent, '\t'); i >= 0 {
			return place{line, i + 1}, true
		}
		start += len(text) + 1
	}
	return place{}, false
}

// controlCharacter records the first character that YAML does not allow.
func (d *decoder) controlCharacter() {
	for i, c := range string(d.data) {
		forbidden := unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\u0085", c) || c == '\uFFFE' || c == '\uFFFF'
		if forbidden {
			d.fail(d.position(i), "control-character", "the file holds the control character %U, which cannot be shown: take it out", c)
			return
		}
	}
	d.fail(fileStart, "control-character", "the file holds a control character: take it out")
}

// uncertainDate finds dates such as 2025? that end an entry in brackets or braces.
var uncertainDate = regexp.MustCompile(`[0-9/.~-]*[0-9]\?\s*[,}\]/]`)

const (
	maxTrials     = 100       // of cutting the file short
	maxTrialBytes = 512 << 10 // in all of them
)

// brokenLine returns the line from which on the file is not well-formed: the first
// line after the longest beginning that is, among those that end not long before
// the place where the library gave up.
func (d *decoder) brokenLine() int {
	read := &byteByByte{data: d.data}
	_ = readAll(read) // where it fails is the answer
	last := d.position(max(0, read.offset-1)).line
	for line, bytesLeft := last, maxTrialBytes; line > 1 && line > last-maxTrials && bytesLeft > 0; line-- {
		start := d.offset(place{line, 1})
		if readAll(bytes.NewReader(d.data[:start])) == nil {
			return line
		}
		bytesLeft -= start
	}
	if readAll(bytes.NewReader(d.lineAt(1))) != nil {
		return 1
	}
	return last
}

// readAll reports what is wrong with the YAML documents in r.
func readAll(r io.Reader) error {
	decoder := yaml.NewDecoder(r)
	for {
		if _, err := nextDocument(decoder); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// byteByByte gives away no more than one byte at a time, and so shows how far the
// library had to read.
type byteByByte struct {
	data   []byte
	offset int
}

func (r *byteByByte) Read(p []byte) (int, error) {
	if r.offset == len(r.data) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = r.data[r.offset]
	r.offset++
	return 1, nil
}
