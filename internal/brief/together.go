package brief

import "gopkg.in/yaml.v3"

// together judges keys of one mapping that must agree.
func (d *decoder) together(n *yaml.Node, item any) {
	switch item := item.(type) {
	case *Dossier:
		if item.ReviewBy.endsBefore(item.AsOf) {
			d.warn(d.at(nodeOf(n, "review_by")), "date", "review_by, %s, is before as_of, %s: the dossier is stale from the start", item.ReviewBy, item.AsOf)
		}
	case *Role:
		if item.To.endsBefore(item.From) {
			d.fail(d.at(nodeOf(n, "to")), "date", "the role ends, %s, before it begins, %s", item.To, item.From)
		}
	case *Indicator:
		d.repeatedDates(nodeOf(n, "series"), item.Series)
	case *Citation:
		if item.Publisher == "" && item.Title == "" && item.URL == "" && valueOf(n, "url") == nil {
			d.fail(d.at(n), "missing", "a source needs a publisher, a title or a url")
		}
	}
}

// endsBefore reports whether d is over before e begins, both being dates.
func (d Date) endsBefore(e Date) bool {
	return !d.IsZero() && !e.IsZero() && d.end <= e.first
}

// repeatedDates warns of two values for one date, of which a curve can show but
// one. The points are still in the order of their nodes.
func (d *decoder) repeatedDates(series *yaml.Node, points []Point) {
	seen := make(map[Date]bool, len(points))
	for i, p := range points {
		if seen[p.Date] && !p.Date.IsZero() && i < len(series.Content) {
			d.warn(d.at(series.Content[i]), "repeated", "the series has two values for %s: keep one", p.Date)
		}
		seen[p.Date] = true
	}
}

// nodeOf returns the value that the mapping n has for a key, or n if it has none
// of its own.
func nodeOf(n *yaml.Node, key string) *yaml.Node {
	if value := valueOf(n, key); value != nil {
		return target(value)
	}
	return n
}
