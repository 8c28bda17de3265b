package brief

import (
	"bytes"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A place is a position in a file, both numbers counted from 1, the column in
// characters.
type place struct{ line, column int }

var fileStart = place{1, 1}

// at returns where a node begins.
func (d *decoder) at(n *yaml.Node) place { return d.fromYAML(place{n.Line, n.Column}) }

// fromYAML returns a place of the YAML library as editors count. YAML ends a line
// also at characters that editors show within one.
func (d *decoder) fromYAML(p place) place {
	if !d.hasOddBreaks() {
		return p
	}
	here, rest := fileStart, d.data
	for len(rest) > 0 && (here.line < p.line || here.line == p.line && here.column < p.column) {
		c, size := utf8.DecodeRune(rest)
		switch {
		case c == '\r' && bytes.HasPrefix(rest, []byte("\r\n")):
		case c == '\r' || c == '\n' || c == '\u0085' || c == '\u2028' || c == '\u2029':
			here = place{here.line + 1, 1}
		case c != '\uFEFF':
			here.column++
		}
		rest = rest[size:]
	}
	return d.position(len(d.data) - len(rest))
}

func (d *decoder) hasOddBreaks() bool {
	return bytes.Count(d.data, []byte{'\r'}) != bytes.Count(d.data, []byte("\r\n")) ||
		bytes.Contains(d.data, []byte("\u0085")) ||
		bytes.Contains(d.data, []byte("\u2028")) || bytes.Contains(d.data, []byte("\u2029"))
}

// position returns the place of a byte of the file.
func (d *decoder) position(offset int) place {
	before := d.data[:min(offset, len(d.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return place{
		line:   bytes.Count(before, []byte{'\n'}) + 1,
		column: utf8.RuneCount(before[start:]) + 1,
	}
}

// offset returns the byte at a place.
func (d *decoder) offset(p place) int {
	offset := 0
	for range p.line - 1 {
		i := bytes.IndexByte(d.data[offset:], '\n')
		if i < 0 {
			return len(d.data)
		}
		offset += i + 1
	}
	for range p.column - 1 {
		_, size := utf8.DecodeRune(d.data[offset:])
		if size == 0 || d.data[offset] == '\n' {
			break
		}
		offset += size
	}
	return offset
}

// find returns the first place of a text in the file from a place on, or that
// place if it is not there: escapes can write it otherwise.
func (d *decoder) find(text string, from place) place {
	offset := d.offset(from)
	i := bytes.Index(d.data[offset:], []byte(text))
	if i < 0 {
		return from
	}
	return d.position(offset + i)
}

// lineAt returns a line, without its end.
func (d *decoder) lineAt(line int) []byte {
	text, _, _ := bytes.Cut(d.data[d.offset(place{line, 1}):], []byte{'\n'})
	return bytes.TrimRight(text, "\r")
}

// lineStart returns the place of the first character of a line that is no space.
func (d *decoder) lineStart(line int) place {
	text := d.lineAt(line)
	indent := len(text) - len(bytes.TrimLeft(text, " "))
	if indent == len(text) {
		indent = 0
	}
	return place{line, indent + 1}
}

// invalidUTF8 returns the place of the first byte that is not UTF-8.
func (d *decoder) invalidUTF8() place {
	offset := 0
	for offset < len(d.data) {
		r, size := utf8.DecodeRune(d.data[offset:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		offset += size
	}
	return d.position(offset)
}
