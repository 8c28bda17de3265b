package brief

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// maxExpansion is how many times its size a file may become by its aliases
	// (contract §2).
	maxExpansion = 10

	// maxProblems bounds what is said of one file, which may be hostile.
	maxProblems = 1000
)

// Decode reads the brief in data. The dossier's id comes from the last part of
// path, which must be <id>.yaml. Items without an id get the slug of their name,
// absent choices (status, importance, announce) their defaults, and the timeline is
// sorted by the first instants of its dates, equal ones in the order of the file.
//
// The problems are all that is wrong with the file, in the order of their
// positions. The dossier is nil if and only if one of them is an error. What a draft
// lacks is a warning, so that what is required may be missing from its dossier:
// nobody is to be shown one.
func Decode(path string, data []byte) (*Dossier, []Problem) {
	r := decode(path, data)
	return r.dossier, r.problems
}

// A reading is what decoding a file comes to.
type reading struct {
	dossier  *Dossier
	read     *Dossier // what could be read of it, errors or not; nil where nothing could
	problems []Problem
	related  []place // of the dossier's related stories, one each
	draft    *place  // of the mark of a draft
}

func decode(path string, data []byte) reading {
	d := &decoder{path: path, data: data, ids: make(map[string]map[string]*yaml.Node)}
	return protect(path, d.read)
}

// protect keeps a file that the YAML library cannot stand from taking the others
// down.
func protect(path string, read func() reading) (r reading) {
	defer func() {
		if reason := recover(); reason != nil {
			r = reading{problems: []Problem{*fileProblem(path, Error, fmt.Sprintf("cannot be decoded: %v", reason))}}
		}
	}()
	return read()
}

// A decoder reads one file.
type decoder struct {
	path     string
	data     []byte
	problems []Problem

	// What can be judged only when everything is read.
	ids       map[string]map[string]*yaml.Node // by section and id, where it stands
	refs      []reference
	citations []*yaml.Node // prose that may cite
	related   []place

	draft    *place     // of the mark of a draft
	root     *yaml.Node // the document, if there is one
	lines    *layout    // of the file; ask layout for it
	last     int        // index of the problem noted last, or -1 where it is not listed
	nameless []nameless
}

func (d *decoder) read() reading {
	id, ok := d.fileName()
	if !ok {
		return reading{problems: d.problems}
	}
	d.root = d.parse()
	if d.root == nil {
		return reading{problems: d.problems}
	}
	dossier := &Dossier{ID: id}
	d.draft = d.draftMark(d.root)
	d.mapping(d.root, reflect.ValueOf(dossier).Elem(), dossierShape())
	d.order(dossier)
	d.resolve(dossier)
	d.offerIDs()
	problems := d.sorted()
	d.extend(d.root, problems)
	read := dossier
	if hasErrors(problems) {
		dossier = nil
	}
	return reading{dossier: dossier, read: read, problems: problems, related: d.related, draft: d.draft}
}

// fail records an error, warn a warning.
func (d *decoder) fail(p place, rule, format string, args ...any) {
	d.note(p, Error, rule, format, args...)
}

func (d *decoder) warn(p place, rule, format string, args ...any) {
	d.note(p, Warning, rule, format, args...)
}

func (d *decoder) note(p place, severity Severity, rule, format string, args ...any) {
	if d.draft != nil && (rule == RuleMissing || rule == RuleUndated) {
		severity = Warning
	}
	last := maxProblems - 1
	d.last = -1
	if d.full() || len(d.problems) == last && severity == Warning {
		return
	}
	if len(d.problems) == last {
		severity, rule, format, args = Error, "limit", "more problems than can be listed: correct these first", nil
	}
	p = d.position(d.offset(p)) // the library counts beyond the end of a file
	d.problems = append(d.problems, Problem{
		Path: d.path, Line: p.line, Column: p.column,
		Severity: severity, Rule: rule, Message: fmt.Sprintf(format, args...),
	})
	d.last = len(d.problems) - 1
}

// full reports whether nothing more will be said of the file.
func (d *decoder) full() bool { return len(d.problems) == maxProblems }

// sorted returns the problems in the order of the file. What stands in an anchor is
// read once for each alias, and told once.
func (d *decoder) sorted() []Problem {
	slices.SortStableFunc(d.problems, Problem.Compare)
	return withoutRepeats(d.problems)
}

// fileName returns the dossier's id.
func (d *decoder) fileName() (id string, ok bool) {
	id, kind := briefName(d.path)
	switch kind {
	case briefFile:
		return id, true
	case translationFile:
		d.fail(fileStart, "translation", "translations are not built yet: this file is left out, and %s%s is served without it", id, briefExt)
	default:
		d.fail(fileStart, "file-name", "%s", misnamed(filepath.Base(d.path)))
	}
	return "", false
}

// misnamed says what is wrong with the name of a file that is to be a brief.
func misnamed(base string) string {
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".yml"), briefExt)
	advice := "<id>" + briefExt
	if id := cutSlug(slug(stem), maxStoryID); id != "" && id != allStories {
		advice = id + briefExt
	}
	switch {
	case stem == allStories:
		return `a story cannot be called "all", which stands for every story in chat`
	case isID(stem, len(stem)) && len(stem) > maxStoryID:
		return fmt.Sprintf("the name of a brief has at most %d characters before %s, and this one has %d", maxStoryID, briefExt, len(stem))
	}
	return fmt.Sprintf("%q is not the name of a brief: a–z, 0–9 and hyphens, at most %d of them, then %s; call it %s", base, maxStoryID, briefExt, advice)
}

// parse returns the file's one document, or nil after an error.
func (d *decoder) parse() *yaml.Node {
	if len(d.data) > maxFile {
		d.fail(fileStart, "limit", "the file has %d bytes, and a brief at most %d (1 MiB)", len(d.data), maxFile)
		return nil
	}
	if !utf8.Valid(d.data) {
		d.fail(d.invalidUTF8(), "encoding", "the file is not UTF-8 from here on: save it as UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(d.data))
	document, err := nextDocument(decoder)
	switch {
	case errors.Is(err, io.EOF), err == nil && isNull(document):
		d.fail(fileStart, "empty", "the file is empty: a brief needs title, overview and timeline")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	second, err := nextDocument(decoder)
	switch {
	case err == nil:
		d.fail(d.at(second), "document", "a second document begins here: a file is one brief, so take out the line ---")
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return nil
	}
	if !d.expandable(document) {
		return nil
	}
	return document
}

// nextDocument returns the value of the next document. The YAML library's panics on
// strange input become errors, since no file may take others out of service.
func nextDocument(decoder *yaml.Decoder) (n *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			n, err = nil, errUnreadable
		}
	}()
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, io.EOF
	}
	return document.Content[0], nil
}

// unreadable is said where the YAML library panics.
const unreadable = "unreadable"

var errUnreadable = errors.New(unreadable)

// order sorts what is read by its date.
func (d *decoder) order(dossier *Dossier) {
	sortByDate(dossier.Timeline, func(e Event) Date { return e.Date })
	for _, i := range dossier.Indicators {
		sortByDate(i.Series, func(p Point) Date { return p.Date })
	}
	for _, s := range dossier.Scenarios {
		sortByDate(s.Assessments, func(a Assessment) Date { return a.Date })
	}
}

func sortByDate[T any](items []T, date func(T) Date) {
	compare := func(a, b T) int { return date(a).Compare(date(b)) }
	if !slices.IsSortedFunc(items, compare) {
		slices.SortStableFunc(items, compare)
	}
}

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
