package brief

import (
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/spelling"
)

// An Appearance is a person or an organization in a dossier: one of the two is
// nil.
type Appearance struct {
	Dossier      *Dossier
	Person       *Person
	Organization *Organization
}

// Appearances returns where a person or an organization appears in the dossiers
// that the asker may see, by title, and people first in each. The name is a name,
// alias or id of theirs; if nobody has it, one that words of theirs begin with, in
// any order. Who bears the name in one dossier appears also in those that know
// them by the same id or name, but not by the alias. Case and accents do not
// matter.
func (r *Reader) Appearances(name string) []Appearance {
	name = spelling.Fold(name)
	if name == "" {
		return nil
	}
	found := r.appearances(func(e *entry) bool { return strings.Contains(e.text[e.names:], sep+name+sep) },
		func(b *bearer) bool { return slices.Contains(b.names, name) })
	if len(found) == 0 {
		words := wordsOf(name)
		found = r.appearances(func(e *entry) bool { return beginsWords(e.text[e.names:], words) },
			func(b *bearer) bool {
				return slices.ContainsFunc(b.names, func(n string) bool { return beginsWords(sep+n, words) })
			})
	}
	return r.namesakes(found)
}

// namesakes returns found and who else has a name or id of theirs.
func (r *Reader) namesakes(found []Appearance) []Appearance {
	known := make(map[string]bool) // what they are, and their names and ids
	var names []string
	for _, a := range found {
		b := bearerOf(a)
		for _, n := range b.names[:b.own] {
			known[b.kind+n] = true
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return r.appearances(func(e *entry) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(e.text[e.names:], sep+n+sep) })
	}, func(b *bearer) bool {
		return slices.Contains(found, b.Appearance) || slices.ContainsFunc(b.names[:b.own], func(n string) bool { return known[b.kind+n] })
	})
}

// A bearer is an appearance with its names, folded: first the own ones, name and
// id, then the aliases.
type bearer struct {
	Appearance
	kind  string
	names []string
	own   int
}

func bearerOf(a Appearance) *bearer {
	if p := a.Person; p != nil {
		return newBearer(a, "person ", p.Name, p.ID, p.Aliases)
	}
	return newBearer(a, "organization ", a.Organization.Name, a.Organization.ID, a.Organization.Aliases)
}

func newBearer(a Appearance, kind, name, id string, aliases []string) *bearer {
	b := &bearer{Appearance: a, kind: kind, names: foldedNames(name, id, nil)}
	b.own = len(b.names)
	for _, alias := range aliases {
		b.names = append(b.names, spelling.Fold(alias))
	}
	return b
}

// appearances returns who fits in the dossiers that may have somebody who does.
func (r *Reader) appearances(may func(*entry) bool, fits func(*bearer) bool) []Appearance {
	var found []Appearance
	for _, rec := range r.titled() {
		if !may(rec.entry()) {
			continue
		}
		d := rec.dossier
		for i := range d.People {
			if a := (Appearance{Dossier: d, Person: &d.People[i]}); fits(bearerOf(a)) {
				found = append(found, a)
			}
		}
		for i := range d.Organizations {
			if a := (Appearance{Dossier: d, Organization: &d.Organizations[i]}); fits(bearerOf(a)) {
				found = append(found, a)
			}
		}
	}
	return found
}
