package brief

import (
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

// text reads a scalar as it is written: a number or a date is the text of its
// digits. It returns "" after an error.
func (d *decoder) text(n *yaml.Node, r *rule) string {
	if !d.isScalar(n, r) {
		return ""
	}
	s := n.Value
	if n.Style&yaml.DoubleQuotedStyle != 0 && !d.printable(n) {
		return ""
	}
	if r.kind == "prose" && strings.Contains(s, citationStart) {
		d.citations = append(d.citations, n)
	}
	s = tidy(s, r.kind == "prose")
	if !strings.ContainsFunc(s, visible) {
		d.blank(n, r)
		return ""
	}
	if r.max > 0 && utf8.RuneCountInString(s) > r.max {
		d.fail(d.at(n), "limit", "%s has %d characters, and may have %d", r.key, utf8.RuneCountInString(s), r.max)
		return ""
	}
	return d.checked(n, s, r)
}

// tidy returns what a text says: prose without empty lines around it, any other text on
// one line.
func tidy(s string, prose bool) string {
	if prose {
		return strings.TrimLeft(strings.TrimRightFunc(s, unicode.IsSpace), "\n")
	}
	if s = strings.TrimSpace(s); strings.ContainsAny(s, "\n\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

// visible reports whether a text of c alone would show. No chat service takes a
// message in which nothing does.
func visible(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) }

// blank judges a text in which nothing shows. Most keys may have one, as if they
// were not there.
func (d *decoder) blank(n *yaml.Node, r *rule) {
	switch {
	case r.required:
		d.fail(d.at(n), RuleMissing, "%s is blank: write it", r.key)
	case r.strict:
		d.fail(d.at(n), RuleMissing, "%s is blank: write it, or take it out", r.key)
	}
}

// isScalar reports whether n is one value of a kind that can be taken as text.
func (d *decoder) isScalar(n *yaml.Node, r *rule) bool {
	if n.Kind != yaml.ScalarNode {
		d.fail(d.at(n), "type", "%s is %s, and should be text", r.key, describe(n))
		return false
	}
	switch n.Tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!null", "!!merge":
		return true
	}
	d.fail(d.at(n), "type", "%s has the YAML tag %s: leave it out, a brief needs none", r.key, quote(n.Tag))
	return false
}

// printable reports whether n has no control characters. Only the escapes of
// double quotes can write any.
func (d *decoder) printable(n *yaml.Node) bool {
	for _, c := range n.Value {
		if unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r' {
			d.fail(d.at(n), "control-character", "the text holds the control character %U, which cannot be shown: take it out", c)
			return false
		}
	}
	return true
}

// checked returns s if it is what r asks for, and "" after an error.
func (d *decoder) checked(n *yaml.Node, s string, r *rule) string {
	ok := true
	switch {
	case len(r.choices) > 0:
		ok = d.choice(n, s, r)
	case r.ref != "":
		d.refs = append(d.refs, reference{rule: r, id: s, node: n})
	case r.kind == "id":
		ok = d.identifier(n, s, r)
	case r.kind == "language":
		return d.language(n, s)
	case r.kind == "url":
		ok = d.address(n, s)
	case r.kind == "period":
		ok = d.period(n, s)
	}
	if !ok {
		return ""
	}
	return s
}

func (d *decoder) choice(n *yaml.Node, s string, r *rule) bool {
	for _, choice := range r.choices {
		if s == choice {
			return true
		}
	}
	d.fail(d.at(n), "choice", "%s is %s, and should be %s", r.key, quote(s), oneOf(r.choices))
	d.offer(n, onlyNear(s, r.choices))
	return false
}

func (d *decoder) identifier(n *yaml.Node, s string, r *rule) bool {
	if isID(s, maxItemID) {
		return true
	}
	advice, better := "", cutSlug(slug(s), maxItemID)
	if better != "" {
		advice = ": write " + better
	}
	if isID(s, len(s)) {
		d.fail(d.at(n), "id", "%s has %d characters, and may have %d%s", r.key, len(s), maxItemID, advice)
		return false
	}
	d.fail(d.at(n), "id", "%s may have a–z, 0–9 and hyphens only, and not begin with one%s", quote(s), advice)
	d.offer(n, better)
	return false
}

func (d *decoder) language(n *yaml.Node, s string) string {
	tag, err := language.Raw.Parse(s)
	if err != nil || tag == language.Und {
		d.fail(d.at(n), "language", "%s is not a language tag: write one of BCP 47 such as en, uk or pt-BR", quote(s))
		return ""
	}
	return tag.String()
}

// address accepts what may safely become a link.
func (d *decoder) address(n *yaml.Node, s string) bool {
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.ContainsFunc(s, unicode.IsSpace):
		d.fail(d.at(n), "url", "%s is not an address: write one such as https://example.org/page", quote(s))
	case u.Scheme != "http" && u.Scheme != "https":
		d.fail(d.at(n), "url", "%s is not a web address: write it with https:// or http://", quote(s))
		if strings.HasPrefix(s, "www.") {
			d.offer(n, "https://"+s)
		}
	case u.Hostname() == "":
		d.fail(d.at(n), "url", "%s names no host: write one such as https://example.org/page", quote(s))
	case u.User != nil:
		d.fail(d.at(n), "url", "an address may not carry a user name or password: write it without the part before @")
	default:
		return true
	}
	return false
}

// period accepts any text, but holds what looks like a date to being one.
func (d *decoder) period(n *yaml.Node, s string) bool {
	if strings.Trim(s, "0123456789./-~?%X") != "" || !strings.ContainsAny(s, "0123456789") {
		return true
	}
	if _, err := ParseDate(s); err != nil {
		d.notDate(n, s, err)
		return false
	}
	return true
}

// notDate says what is wrong with a date, and what was meant where that is certain.
func (d *decoder) notDate(n *yaml.Node, s string, err error) {
	meant := meantDates(s)
	switch len(meant) {
	case 0:
		d.fail(d.at(n), "date", "%v", err)
	case 1:
		d.fail(d.at(n), "date", "%s is not a date: write %s", quote(s), meant[0])
		d.offer(n, meant[0])
	default:
		d.fail(d.at(n), "date", "%s may be two dates: write %s or %s", quote(s), meant[0], meant[1])
	}
}

// date reads a date as it is written, whatever YAML would make of it.
func (d *decoder) date(n *yaml.Node, r *rule) Date {
	if n.Kind != yaml.ScalarNode {
		d.fail(d.at(n), "type", "%s is %s, and should be %s", r.key, describe(n), wanted(reflect.TypeFor[Date](), r))
		return Date{}
	}
	s := d.text(n, r)
	if s == "" {
		return Date{}
	}
	date, err := ParseDate(s)
	switch {
	case err != nil:
		d.notDate(n, s, err)
	case r.kind == "single" && strings.Contains(s, "/"):
		d.fail(d.at(n), "date", "%s is one date, and %q is an interval", r.key, s)
		return Date{}
	}
	return date
}

func (d *decoder) number(n *yaml.Node, r *rule) float64 {
	var f float64
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float":
		d.fail(d.at(n), "type", "%s is %s, and should be a number such as 14 or 0.35, without quotes", r.key, describe(n))
		d.offerNumber(n, r)
		return 0
	case n.Decode(&f) != nil, math.IsNaN(f), math.IsInf(f, 0):
		d.fail(d.at(n), "type", "%s is %s, which is not a number that can be shown", r.key, clip(n.Value))
		return 0
	case r.kind == "share" && f > 1 && f <= 100:
		d.fail(d.at(n), "range", "%s goes from 0 to 1: write %v for %v %%", r.key, math.Round(f*100)/10000, f)
		if f >= 2 { // 1.5 may be a slip of another kind
			d.offer(n, fmt.Sprint(math.Round(f*100)/10000))
		}
	case r.kind == "share" && (f < 0 || f > 1):
		d.fail(d.at(n), "range", "%s is %s, and goes from 0 to 1", r.key, clip(n.Value))
	}
	return f
}

func (d *decoder) boolean(n *yaml.Node, r *rule) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(&b) != nil {
		d.fail(d.at(n), "type", "%s is %s, and should be true or false", r.key, describe(n))
		d.offerTruth(n)
	}
	return b
}
