package brief

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A reference names an item or a story, which may stand further down.
type reference struct {
	rule *rule
	id   string
	node *yaml.Node
}

// resolve judges what takes the whole file to judge.
func (d *decoder) resolve(dossier *Dossier) {
	for _, ref := range d.refs {
		if d.full() {
			return
		}
		switch ref.rule.ref {
		case "stories":
			d.related = append(d.related, d.at(ref.node))
			d.resolveStory(dossier, ref)
		case "items":
			d.resolveItem(ref)
		default:
			d.resolveID(dossier, ref)
		}
	}
	for _, n := range d.citations {
		d.resolveCitations(n)
	}
}

func (d *decoder) resolveStory(dossier *Dossier, ref reference) {
	switch {
	case !isStoryID(ref.id):
		d.fail(d.at(ref.node), "id", "%s is not the id of a story, which is the name of its file without %s", quote(ref.id), briefExt)
	case ref.id == dossier.ID:
		d.fail(d.at(ref.node), "reference", "a story is not related to itself: take %q out", ref.id)
	}
}

func (d *decoder) resolveID(dossier *Dossier, ref reference) {
	section := ref.rule.ref
	known := d.ids[section]
	if _, ok := known[ref.id]; ok {
		return
	}
	if id := idOfName(dossier, section, ref.id); id != "" {
		d.fail(d.at(ref.node), "reference", "%s is named by its id here: write %s", quote(ref.id), id)
		d.offer(ref.node, id)
		return
	}
	d.fail(d.at(ref.node), "reference", "%s has no %s%s", section, quote(ref.id), didYouMean(ref.id, sortedKeys(known), have(section, known)))
	d.offer(ref.node, slipOf(ref.id, sortedKeys(known)))
}

// resolveItem judges section/id.
func (d *decoder) resolveItem(ref reference) {
	section, id, ok := strings.Cut(ref.id, "/")
	sections := dossierShape().sections()
	switch {
	case !ok:
		d.fail(d.at(ref.node), "reference", "%s should be a section and an id, such as timeline/%s", quote(ref.id), exampleID(d.ids["timeline"]))
		return
	case !slices.Contains(sections, section):
		d.fail(d.at(ref.node), "reference", "there is no section %s%s", quote(section), didYouMean(section, sections, "the sections are "+strings.Join(sections, ", ")))
		if near := onlyNear(section, sections); near != "" {
			d.offer(ref.node, near+"/"+id)
		}
		return
	}
	if _, ok := d.ids[section][id]; !ok {
		d.fail(d.at(ref.node), "reference", "%s has no %s%s", section, quote(id), didYouMean(id, sortedKeys(d.ids[section]), have(section, d.ids[section])))
		if near := slipOf(id, sortedKeys(d.ids[section])); near != "" {
			d.offer(ref.node, section+"/"+near)
		}
	}
}

func exampleID(known map[string]*yaml.Node) string {
	if ids := sortedKeys(known); len(ids) > 0 {
		return ids[0]
	}
	return "accord-signed"
}

// have says what there is instead of an id that is not there.
func have(section string, known map[string]*yaml.Node) string {
	const most = 8
	ids := sortedKeys(known)
	switch {
	case len(ids) == 0:
		return fmt.Sprintf("there are no %s: add it there", section)
	case len(ids) > most:
		return fmt.Sprintf("add it there, or write one of its %d ids", len(ids))
	}
	return "it has " + strings.Join(ids, ", ")
}

func sortedKeys(known map[string]*yaml.Node) []string { return slices.Sorted(maps.Keys(known)) }

// idOfName returns the id of the item of a section that bears a name.
func idOfName(dossier *Dossier, section, name string) string {
	same := func(s string) bool { return strings.EqualFold(s, name) }
	switch section {
	case "people":
		for _, p := range dossier.People {
			if same(p.Name) || slices.ContainsFunc(p.Aliases, same) {
				return p.ID
			}
		}
	case "organizations":
		for _, o := range dossier.Organizations {
			if same(o.Name) || slices.ContainsFunc(o.Aliases, same) {
				return o.ID
			}
		}
	case "sources":
		for _, c := range dossier.Sources {
			if same(c.Publisher) || same(c.Title) || same(c.URL) {
				return c.ID
			}
		}
	}
	return ""
}

// citationStart begins a citation in prose: [^source-id].
const citationStart = "[^"

// resolveCitations judges the citations in a prose text.
func (d *decoder) resolveCitations(n *yaml.Node) {
	known := d.ids["sources"]
	from, rest := fileStart, n.Value
	for {
		before, after, ok := strings.Cut(rest, citationStart)
		if !ok || d.full() {
			return
		}
		rest = after
		id, _, closed := strings.Cut(after, "]")
		if known[id] != nil || !closed || strings.HasSuffix(before, `\`) || !isWord(id) {
			continue
		}
		if from == fileStart {
			from = d.at(n)
		}
		from = d.find(citationStart+id+"]", from)
		d.fail(from, "reference", "sources has no %s, which is cited here%s", quote(id), didYouMean(id, sortedKeys(known), have("sources", known)))
		from.column++
	}
}

// isWord reports whether s looks like an id, even if it is not quite one.
func isWord(s string) bool {
	joined := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(s))
	return !strings.ContainsAny(s, " \n\t") && isID(joined, 2*maxItemID)
}
