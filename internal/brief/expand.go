package brief

import (
	"bytes"

	"gopkg.in/yaml.v3"
)

// expandable reports whether the document stays within its limit when every alias
// is replaced by what it stands for. The YAML library checks that only when it
// fills values itself.
func (d *decoder) expandable(document *yaml.Node) bool {
	if bytes.IndexByte(d.data, '&') < 0 || bytes.IndexByte(d.data, '*') < 0 {
		return true
	}
	x := expansion{limit: maxExpansion * len(d.data), sizes: make(map[*yaml.Node]int)}
	size := x.size(document)
	switch {
	case x.cycle != nil:
		d.fail(d.at(x.cycle), "alias", "the alias *%s stands inside what it stands for: write the value out", x.cycle.Value)
		return false
	case size > x.limit:
		d.fail(d.at(x.last), "limit", "aliases make this file more than %d times as large: write the values out", maxExpansion)
		return false
	}
	return true
}

// expansion measures nodes in bytes, a node counting at least one.
type expansion struct {
	limit int
	sizes map[*yaml.Node]int // of what aliases stand for; under way: -1
	last  *yaml.Node         // the last alias that was measured
	cycle *yaml.Node         // an alias inside what it stands for
}

// size returns the size of n, or more than the limit as soon as that is certain.
func (x *expansion) size(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		return x.target(n)
	}
	total := 1 + len(n.Value)
	for _, child := range n.Content {
		total += x.size(child)
		if total > x.limit || x.cycle != nil {
			return x.limit + 1
		}
	}
	return total
}

func (x *expansion) target(alias *yaml.Node) int {
	size, known := x.sizes[alias.Alias]
	if size < 0 {
		x.cycle = alias
		return x.limit + 1
	}
	x.last = alias
	if !known {
		x.sizes[alias.Alias] = -1
		size = x.size(alias.Alias)
		x.sizes[alias.Alias] = size
		x.last = alias
	}
	return size
}
