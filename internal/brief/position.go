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

// A ruler counts places in a text. Asking for places one after the other costs no
// more than reading the text once.
type ruler struct {
	data   []byte
	starts []int // of the lines, in bytes
	last   place // asked for before, and where it is
	offset int
}

// byteOrderMark is what some editors put before a text.
const byteOrderMark = "\ufeff"

// A layout is how a file is counted, by editors and by YAML, which ends a line also
// where editors do not.
type layout struct {
	editor, yaml ruler
}

// layout returns the file's layout, which only files with problems need.
func (d *decoder) layout() *layout {
	if d.lines != nil {
		return d.lines
	}
	first := 0
	if bytes.HasPrefix(d.data, []byte(byteOrderMark)) {
		first = len(byteOrderMark) // no character of the first line
	}
	starts, yaml := []int{first}, []int{first}
	for i, c := range string(d.data) {
		switch c {
		case '\n':
			starts, yaml = append(starts, i+1), append(yaml, i+1)
		case '\r':
			if !bytes.HasPrefix(d.data[i+1:], []byte{'\n'}) {
				yaml = append(yaml, i+1)
			}
		case '\u0085', '\u2028', '\u2029':
			yaml = append(yaml, i+utf8.RuneLen(c))
		}
	}
	d.lines = &layout{
		editor: ruler{data: d.data, starts: starts, last: fileStart, offset: first},
		yaml:   ruler{data: d.data, starts: yaml, last: fileStart, offset: first},
	}
	return d.lines
}

// fromYAML returns a place of the YAML library as editors count.
func (d *decoder) fromYAML(p place) place {
	l := d.layout()
	if len(l.yaml.starts) == len(l.editor.starts) {
		return p
	}
	return d.position(l.yaml.find(p))
}

// position returns the place of a byte of the file.
func (d *decoder) position(offset int) place { return d.layout().editor.place(offset) }

// offset returns the byte at a place, the nearest one if the place is not in the
// file.
func (d *decoder) offset(p place) int { return d.layout().editor.find(p) }

// place returns the place of a byte.
func (r *ruler) place(offset int) place {
	offset = max(offset, r.starts[0])
	line, found := slices.BinarySearch(r.starts, offset)
	if found {
		line++
	}
	if line != r.last.line || offset < r.offset {
		r.last, r.offset = place{line, 1}, r.starts[line-1]
	}
	r.last.column += utf8.RuneCount(r.data[r.offset:offset])
	r.offset = offset
	return r.last
}

// find returns the byte at a place, or the nearest one.
func (r *ruler) find(p place) int {
	if p.line > len(r.starts) {
		return len(r.data)
	}
	if p.line != r.last.line || p.column < r.last.column {
		r.last, r.offset = place{max(1, p.line), 1}, r.starts[max(0, p.line-1)]
	}
	for r.last.column < p.column && r.offset < len(r.data) && r.data[r.offset] != '\n' {
		_, size := utf8.DecodeRune(r.data[r.offset:])
		r.last.column++
		r.offset += size
	}
	return r.offset
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
