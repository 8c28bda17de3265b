package brief

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A place is a position in a file, both numbers counted from 1, the column in
// characters.
type place struct{ line, column int }

var fileStart = place{1, 1}

// at returns where a node begins.
func (d *decoder) at(n *yaml.Node) place { return d.fromYAML(place{n.Line, n.Column}) }

// A layout is what it takes to count places in a file: where its lines begin, in
// bytes.
type layout struct {
	starts []int // as editors count
	yaml   []int // as YAML counts, which ends a line also where editors do not
}

// layout returns the file's layout, which only files with problems need.
func (d *decoder) layout() *layout {
	if d.lines != nil {
		return d.lines
	}
	d.lines = &layout{starts: []int{0}, yaml: []int{0}}
	for i, c := range string(d.data) {
		switch c {
		case '\n':
			d.lines.starts = append(d.lines.starts, i+1)
			d.lines.yaml = append(d.lines.yaml, i+1)
		case '\r':
			if !bytes.HasPrefix(d.data[i+1:], []byte{'\n'}) {
				d.lines.yaml = append(d.lines.yaml, i+1)
			}
		case '\u0085', '\u2028', '\u2029':
			d.lines.yaml = append(d.lines.yaml, i+utf8.RuneLen(c))
		}
	}
	return d.lines
}

// fromYAML returns a place of the YAML library as editors count.
func (d *decoder) fromYAML(p place) place {
	l := d.layout()
	if len(l.yaml) == len(l.starts) {
		return p
	}
	return d.position(d.offsetIn(l.yaml, p))
}

// position returns the place of a byte of the file.
func (d *decoder) position(offset int) place {
	starts := d.layout().starts
	line, found := slices.BinarySearch(starts, offset)
	if found {
		line++
	}
	return place{line, utf8.RuneCount(d.data[starts[line-1]:offset]) + 1}
}

// offset returns the byte at a place, the nearest one if the place is not in the
// file.
func (d *decoder) offset(p place) int { return d.offsetIn(d.layout().starts, p) }

func (d *decoder) offsetIn(starts []int, p place) int {
	if p.line > len(starts) {
		return len(d.data)
	}
	offset := starts[max(0, p.line-1)]
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
