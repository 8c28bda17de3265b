package brief

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"gopkg.in/yaml.v3"
)

// nameKind is what a file's name says that the file is.
type nameKind int

const (
	otherFile       nameKind = iota // not a brief: ignored with a warning
	hiddenFile                      // a dot file, an editor's lock or backup: ignored without one
	briefFile                       // <id>.yaml
	translationFile                 // <id>.<language>.yaml
	misnamedFile                    // a .yaml file whose name is no id
)

const (
	briefExt = ".yaml"

	// maxStoryID is the length of the longest dossier id (contract §2).
	maxStoryID = 32

	// maxItemID is the length of the longest id of an item (contract §2).
	maxItemID = 64

	// allStories is the word that stands for every story in chat, so no story
	// may be called that.
	allStories = "all"
)

// briefName says what the file at path is by its name alone, and for a brief or a
// translation the id of its dossier.
func briefName(path string) (id string, kind nameKind) {
	base := filepath.Base(path)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") || strings.HasSuffix(base, "~") {
		return "", hiddenFile
	}
	stem, ok := strings.CutSuffix(base, briefExt)
	if !ok {
		return "", otherFile
	}
	if isStoryID(stem) {
		return stem, briefFile
	}
	id, tag, ok := strings.Cut(stem, ".")
	if !ok || !isStoryID(id) {
		return "", misnamedFile
	}
	if _, err := language.Parse(tag); err != nil {
		return "", misnamedFile
	}
	return id, translationFile
}

// isStoryID reports whether s may be the id of a dossier.
func isStoryID(s string) bool {
	return isID(s, maxStoryID) && s != allStories
}

// isID reports whether s is [a-z0-9][a-z0-9-]* and no longer than limit.
func isID(s string, limit int) bool {
	if s == "" || len(s) > limit || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// identify gives the item v of a section its id, the slug of its name where none
// is written, and holds it to being the only one.
func (d *decoder) identify(n *yaml.Node, v reflect.Value, r *rule) {
	own := &r.of.rules[r.of.id]
	field := v.Field(own.field)
	id, where, advice := field.String(), nodeOf(n, own.key), "the id %q is taken in %s, on line %d: write another"
	if id == "" {
		if own.required || where != n && !isNull(where) {
			return // told already
		}
		if id, where = d.defaultID(n, v, r); id == "" {
			return
		}
		field.SetString(id)
		advice = "the id made of this, %q, is taken in %s, on line %d: write an id"
	}
	known := d.ids[r.key]
	if known == nil {
		known = make(map[string]*yaml.Node)
		d.ids[r.key] = known
	}
	if first := known[id]; first != nil {
		d.fail(d.at(where), "id", advice, id, r.key, d.at(first).line)
		return
	}
	known[id] = where
}

// defaultID makes an id of the first field that has text.
func (d *decoder) defaultID(n *yaml.Node, v reflect.Value, r *rule) (id string, where *yaml.Node) {
	for _, field := range r.of.rules[r.of.id].slug {
		name := v.Field(field).String()
		if name == "" {
			continue
		}
		for _, other := range r.of.rules {
			if other.field == field {
				where = nodeOf(n, other.key)
			}
		}
		if id = cutSlug(slug(name), maxItemID); id == "" {
			d.fail(d.at(where), "id", "no id can be made of %s, which has no Latin letters: write an id", quote(name))
		}
		return id, where
	}
	return "", n
}

// slug makes an id of a name: marks and letters outside ASCII are dropped, small
// letters and digits kept, and anything between them becomes one hyphen.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, c := range norm.NFKD.String(name) {
		switch c = unicode.ToLower(c); {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(c)
		case c == '\'' || c == '’' || unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c):
		default:
			gap = true
		}
	}
	return b.String()
}

// cutSlug shortens a slug to a length, between words if it can.
func cutSlug(s string, length int) string {
	if len(s) <= length {
		return s
	}
	cut := s[:length]
	if s[length] != '-' {
		if i := strings.LastIndexByte(cut, '-'); i > 0 {
			cut = cut[:i]
		}
	}
	return strings.TrimRight(cut, "-")
}

// MaxStoryID is the length of the longest id of a dossier (contract §2).
const MaxStoryID = maxStoryID

// Slug returns the id that is made of a name, at most length long and cut between
// words if it can be. It is empty where the name has no Latin letter and no digit.
func Slug(name string, length int) string { return cutSlug(slug(name), length) }

// CheckStoryID says why id cannot be the id of a dossier, and what could be; nil if
// it can.
func CheckStoryID(id string) error {
	switch better := Slug(id, maxStoryID); {
	case isStoryID(id):
		return nil
	case id == allStories:
		return errors.New(`a story cannot be called "all", which stands for every story in chat`)
	case better == "" || better == allStories:
		return fmt.Errorf("%s is not the id of a story: write a–z, 0–9 and hyphens, at most %d of them, such as grain-corridor", quote(id), maxStoryID)
	default:
		return fmt.Errorf("%s is not the id of a story, which has a–z, 0–9 and hyphens, at most %d of them: write %s", quote(id), maxStoryID, better)
	}
}
