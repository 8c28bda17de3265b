package desk

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	markdown "github.com/briefbot/briefbot/internal/prose"
	"github.com/briefbot/briefbot/internal/spelling"
)

// A named is somebody or something with names.
type named struct {
	id    string
	names []string
}

func (l *lint) people() {
	var all []named
	for _, p := range l.dossier.People {
		all = append(all, named{p.ID, append([]string{p.Name}, p.Aliases...)})
	}
	l.mentions("people", all, func(e *brief.Event) []string { return e.People })
}

func (l *lint) organizations() {
	var all []named
	for _, o := range l.dossier.Organizations {
		all = append(all, named{o.ID, append([]string{o.Name}, o.Aliases...)})
	}
	l.mentions("organizations", all, func(e *brief.Event) []string { return e.Organizations })
}

// mentions warns of events whose texts name what they do not list.
func (l *lint) mentions(key string, all []named, listed func(*brief.Event) []string) {
	l.events(func(e *brief.Event) {
		text := e.Title + "\n" + plain(e.Detail)
		for _, n := range all {
			if n.id == "" || slices.Contains(listed(e), n.id) {
				continue
			}
			for _, name := range n.names {
				if says(text, name) {
					p := l.warn("timeline", e.ID, key, "the event names %s, and does not list %s under %s", name, n.id, key)
					l.extend(p, e, key, n.id)
					break
				}
			}
		}
	})
}

// plain is what readers see of a text in Markdown.
func plain(text string) string {
	if !strings.ContainsAny(text, "*_[]<>&~`\\") {
		return strings.ReplaceAll(text, "\n", " ") // parsing takes its time
	}
	return markdown.Text(text, func(string) (int, string, bool) { return 0, "", false }).String()
}

// says reports whether a text has a name as whole words. A name of one short word may be
// another word: it must be in capitals, as NATO is.
func says(text, name string) bool {
	if !strings.ContainsAny(name, " -.") && utf8.RuneCountInString(name) < 4 && strings.ToUpper(name) != name {
		return false
	}
	for rest := text; name != ""; {
		before, after, ok := strings.Cut(rest, name)
		if !ok {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !isLetter(last) && !isLetter(next) {
			return true
		}
		rest = after
	}
	return false
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// extend offers to list an id in an event, where the list is written in brackets.
func (l *lint) extend(p *brief.Problem, e *brief.Event, key, id string) {
	span, ok := l.text.Locate("timeline", e.ID, key)
	if !ok {
		return
	}
	written := string(l.text.Bytes()[span.From:span.To])
	inside, closed := strings.CutSuffix(written, "]")
	if !closed || !strings.HasPrefix(written, "[") || strings.Contains(written, "#") || strings.Contains(written, "\n") {
		return
	}
	entry := ", " + id
	if strings.TrimSpace(inside) == "[" {
		entry = id
	}
	at := brief.Span{From: span.From + len(strings.TrimRight(inside, " ")), To: span.From + len(inside)}
	p.Fix = &brief.Fix{Says: "list " + id, Edits: []brief.Edit{{Span: at, New: entry}}}
}

// offices are titles that stand before a name. The longer come first.
var offices = []string{
	"Vice President", "President", "Prime Minister", "Foreign Minister", "Defence Minister", "Defense Minister", "Minister",
	"Chancellor", "Secretary of State", "Secretary-General", "Ambassador", "Senator", "General", "Admiral", "Governor", "Mayor",
	"Commissioner", "Spokesman", "Spokeswoman", "King", "Queen", "Pope",
}

// titled is a title of office with a name of two or three words after it. It is meant to
// miss many rather than to name one that is none.
var titled = regexp.MustCompile(`\b(` + strings.Join(offices, "|") + `) (\p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+){1,2})\b`)

func (l *lint) unlisted() {
	known := make(map[string]bool)
	for _, p := range l.dossier.People {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			known[spelling.Fold(name)] = true
			for word := range strings.FieldsSeq(name) {
				known[spelling.Fold(word)] = true
			}
		}
	}
	told := make(map[string]bool)
	l.events(func(e *brief.Event) {
		if !slices.ContainsFunc(offices, func(office string) bool { return strings.Contains(e.Detail, office) }) {
			return // a regular expression takes its time
		}
		for _, m := range titled.FindAllStringSubmatch(plain(e.Detail), -1) {
			name := m[2]
			words := strings.Fields(name)
			if known[spelling.Fold(name)] || known[spelling.Fold(words[len(words)-1])] || told[name] {
				continue
			}
			told[name] = true
			l.warn("timeline", e.ID, "detail", "%s %s is in no list: add the person under people, so that readers find who that is", m[1], name)
		}
	})
}

func (l *lint) namesakes() {
	look := func(section string, all []named) {
		seen := make(map[string]string)
		for _, n := range all {
			for _, name := range n.names {
				folded := spelling.Fold(name)
				if first := seen[folded]; first != "" && first != n.id {
					l.warn(section, n.id, "", "%s is a name of %s too: readers who ask for it get both", name, first)
				}
				seen[folded] = n.id
			}
		}
	}
	var people, organizations []named
	for _, p := range l.dossier.People {
		people = append(people, named{p.ID, append([]string{p.Name}, p.Aliases...)})
	}
	for _, o := range l.dossier.Organizations {
		organizations = append(organizations, named{o.ID, append([]string{o.Name}, o.Aliases...)})
	}
	look("people", people)
	look("organizations", organizations)
}

// A subject is something with an id, as far as telling things apart goes.
type subject struct {
	section, id, name string
	date              string
}

func items(d *brief.Dossier) (all []subject) {
	if d == nil {
		return nil
	}
	for _, e := range d.Timeline {
		all = append(all, subject{"timeline", e.ID, e.Title, e.Date.String()})
	}
	for _, p := range d.People {
		all = append(all, subject{"people", p.ID, p.Name, ""})
	}
	for _, o := range d.Organizations {
		all = append(all, subject{"organizations", o.ID, o.Name, ""})
	}
	for _, s := range d.Scenarios {
		all = append(all, subject{"scenarios", s.ID, s.Title, ""})
	}
	for _, i := range d.Indicators {
		all = append(all, subject{"indicators", i.ID, i.Label, ""})
	}
	return all
}

// reused warns of ids that stood for something else. A digest would tell that as a
// correction of it.
func (l *lint) reused() {
	before := items(l.before)
	for _, now := range items(l.dossier) {
		i := slices.IndexFunc(before, func(was subject) bool { return was.section == now.section && was.id == now.id })
		if i < 0 || before[i].date == now.date && now.date != "" || alike(before[i].name, now.name) {
			continue
		}
		l.warn(now.section, now.id, "id", "%s was %q in the last commit, and is something else now: subscribers would be told of a correction; give what is new an id of its own",
			now.id, before[i].name)
	}
}

// changed warns of items whose id is another one. A digest would tell them as new.
func (l *lint) changed() {
	before, now := items(l.before), items(l.dossier)
	has := func(all []subject, section, id string) bool {
		return slices.ContainsFunc(all, func(i subject) bool { return i.section == section && i.id == id })
	}
	for _, n := range now {
		i := slices.IndexFunc(before, func(was subject) bool {
			return was.section == n.section && was.name == n.name && was.date == n.date && !has(now, was.section, was.id)
		})
		if i < 0 || has(before, n.section, n.id) {
			continue
		}
		p := l.warn(n.section, n.id, "id", "this had the id %s in the last commit: with another one subscribers are told of it as new; keep the id", before[i].id)
		if mentions := regexp.MustCompile(`(^|[^a-z0-9-])` + n.id + `($|[^a-z0-9-])`); len(mentions.FindAllIndex(l.text.Bytes(), 2)) == 1 {
			l.set(p, n.section, n.id, "id", before[i].id) // nothing else has to follow
		}
	}
}

// alike reports whether two names have a word of some length in common.
func alike(a, b string) bool {
	words := make(map[string]bool)
	for word := range strings.FieldsSeq(spelling.Fold(a)) {
		words[word] = true
	}
	for word := range strings.FieldsSeq(spelling.Fold(b)) {
		if words[word] && utf8.RuneCountInString(word) > 3 {
			return true
		}
	}
	return a == b
}

// unshown is Markdown that the small Markdown of briefs does not have.
var unshown = regexp.MustCompile("(?m)^(#{1,6} .*|```.*|\\|.*\\|.*)$|!\\[[^\\]]*\\]\\([^)]*\\)|</?[a-zA-Z][a-zA-Z0-9]*(?: [^>]*)?>")

func (l *lint) markup() {
	look := func(section, item, key, text string) {
		if !strings.ContainsAny(text, "#`|<!") {
			return
		}
		if m := unshown.FindString(text); m != "" {
			l.warn(section, item, key, "%s is shown as it is written: there are paragraphs, emphasis, links, lists and quotes, and no headings, tables, pictures or HTML", clip(m))
		}
	}
	look("", "", "overview", l.dossier.Overview)
	l.events(func(e *brief.Event) { look("timeline", e.ID, "detail", e.Detail) })
	for _, s := range l.dossier.Scenarios {
		look("scenarios", s.ID, "detail", s.Detail)
	}
	for _, i := range l.dossier.Indicators {
		look("indicators", i.ID, "detail", i.Detail)
	}
}

// clip shortens a text to what is good to read in a message.
func clip(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return strings.TrimSpace(s)
}
