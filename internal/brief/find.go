package brief

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/spelling"
)

// sep stands before and after every name in an entry's text. Folding leaves no
// such byte in a name.
const sep = "\x01"

// An entry is a dossier as it is looked for.
type entry struct {
	id, title string   // folded
	words     []string // of the title, those of three letters and more
	// text holds all names, folded and each between seps: id and title, tags
	// from the first offset on, and from the second on the names, aliases and ids
	// of people and organizations.
	text        string
	tags, names int
}

func newEntry(d *Dossier) *entry {
	e := &entry{id: spelling.Fold(d.ID), title: spelling.Fold(d.Title)}
	for _, word := range strings.Fields(e.title) {
		if len([]rune(word)) >= 3 && !slices.Contains(e.words, word) {
			e.words = append(e.words, word)
		}
	}
	var b strings.Builder
	b.WriteString(sep)
	add := func(names ...string) {
		for _, name := range names {
			if name != "" {
				b.WriteString(name)
				b.WriteString(sep)
			}
		}
	}
	add(e.id, e.title)
	e.tags = b.Len() - 1
	for _, tag := range d.Tags {
		add(spelling.Fold(tag))
	}
	e.names = b.Len() - 1
	for i := range d.People {
		add(foldedNames(d.People[i].Name, d.People[i].ID, d.People[i].Aliases)...)
	}
	for i := range d.Organizations {
		add(foldedNames(d.Organizations[i].Name, d.Organizations[i].ID, d.Organizations[i].Aliases)...)
	}
	e.text = b.String()
	return e
}

// foldedNames returns the different folded names of somebody.
func foldedNames(name, id string, aliases []string) []string {
	names := []string{spelling.Fold(name)}
	for _, other := range append([]string{id}, aliases...) {
		if f := spelling.Fold(other); f != "" && !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	return names
}

// The ranks of what is found. Within beginning, wordBeginning and inside, tags
// come one later than id and title, and names two.
const (
	exact         = 0
	beginning     = 1
	wordBeginning = 4
	inside        = 7
	ranks         = 10
)

// rank says how well the entry fits what is typed, folded, if that stands in it as
// it is.
func (e *entry) rank(typed string) (rank int, ok bool) {
	if e.id == typed || e.title == typed {
		return exact, true
	}
	best := ranks
	for at := 0; at < len(e.text); at++ {
		i := strings.Index(e.text[at:], typed)
		if i < 0 {
			break
		}
		at += i
		best = min(best, e.standing(at)+e.field(at))
		if best == beginning || best < wordBeginning && at >= e.names {
			break // nothing that follows is better
		}
	}
	return best, best < ranks
}

// standing says how what is found at a place stands there.
func (e *entry) standing(at int) int {
	switch e.text[at-1] {
	case sep[0]:
		return beginning
	case ' ':
		return wordBeginning
	}
	return inside
}

func (e *entry) field(at int) int {
	switch {
	case at > e.names:
		return 2
	case at > e.tags:
		return 1
	}
	return 0
}

// beginsWords says whether each of words begins a word in text, which begins with
// a separator. The longest ones first make for a quick answer.
func beginsWords(text string, words []string) bool {
	for _, word := range words {
		if !beginsWord(text, word) {
			return false
		}
	}
	return true
}

func beginsWord(text, word string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		if at += i; text[at-1] == ' ' || text[at-1] == sep[0] {
			return true
		}
	}
}

// wordsOf returns the words of a folded text, the longest first.
func wordsOf(folded string) []string {
	words := strings.Fields(folded)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// Resolve returns the one dossier whose id or title is word, whatever the case
// and the accents. A title that several visible dossiers have names none of them.
// The names and aliases in a dossier name its people and organizations, not it.
func (r *Reader) Resolve(word string) (*Dossier, bool) {
	if d, ok := r.Story(word); ok {
		return d, true
	}
	word = spelling.Fold(word)
	if word == "" {
		return nil, false
	}
	var found []*Dossier
	for _, rec := range r.records() {
		switch e := rec.entry(); word {
		case e.id:
			return rec.dossier, true
		case e.title:
			found = append(found, rec.dossier)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

// Find returns the dossiers, at most so many, that fit what is typed so far, best
// first: typed is the id or title; it begins the id or title, or a tag, or the
// name or an alias of somebody in it; it begins a word of one of them; it is
// anywhere in one of them; each of its words begins a word in them. Case, accents
// and punctuation do not matter. Equals come newest first, and all come so where
// nothing is typed.
func (r *Reader) Find(typed string, most int) []*Dossier {
	typed = spelling.Fold(typed)
	if typed == "" {
		return dossiersOf(firstOf(most, r.records()))
	}
	var byRank [ranks][]*Dossier
	var rest []*record
	for _, rec := range r.records() {
		if rank, ok := rec.entry().rank(typed); ok {
			byRank[rank] = append(byRank[rank], rec.dossier)
		} else {
			rest = append(rest, rec)
		}
	}
	found := slices.Concat(byRank[:]...)
	words := wordsOf(typed)
	for i := 0; i < len(rest) && len(found) < most && len(words) > 1; i++ {
		if beginsWords(rest[i].entry().text, words) {
			found = append(found, rest[i].dossier)
		}
	}
	return firstOf(most, found)
}

// longestSought is how many code points of a word are compared with names: as many
// as the longest title has (contract §2). Whoever asks may write thousands.
const longestSought = 200

// Nearest returns the dossiers, at most so many, whose ids, titles or words of
// titles are nearest to word by edit distance, measured against the length of the longer
// one, nearest first. Equals come newest first. Of a word longer than every title
// its beginning counts.
func (r *Reader) Nearest(word string, most int) []*Dossier {
	if most <= 0 {
		return nil
	}
	sought := firstOf(longestSought, []rune(spelling.Fold(word)))
	type near struct {
		far     int
		dossier *Dossier
	}
	var nearest []near
	known := make(map[string]int) // remoteness of words
	for _, rec := range r.records() {
		limit := 1000
		if len(nearest) == most {
			limit = nearest[most-1].far - 1
		}
		far := rec.entry().remoteness(sought, limit, known)
		if far > limit {
			continue
		}
		at, _ := slices.BinarySearchFunc(nearest, far+1, func(n near, far int) int { return cmp.Compare(n.far, far) })
		nearest = slices.Insert(nearest, at, near{far, rec.dossier})
		nearest = firstOf(most, nearest)
	}
	found := make([]*Dossier, len(nearest))
	for i, n := range nearest {
		found[i] = n.dossier
	}
	return found
}

// remoteness is how far what is sought is from the nearest name of e. It may say
// anything above limit where it is farther than that.
func (e *entry) remoteness(sought []rune, limit int, known map[string]int) int {
	far := min(remoteness(sought, e.id, limit), remoteness(sought, e.title, limit))
	for _, word := range e.words {
		w, ok := known[word]
		if !ok {
			w = remoteness(sought, word, 1000)
			known[word] = w
		}
		far = min(far, w)
	}
	return far
}

func firstOf[T any](most int, all []T) []T {
	return all[:max(0, min(len(all), most))]
}

// remoteness is the distance of a and b in thousandths of the longer one's length,
// or more than limit where it would be more than that.
func remoteness(a []rune, b string, limit int) int {
	longer := max(len(a), utf8.RuneCountInString(b), 1)
	most := limit * longer / 1000
	d := spelling.Distance(a, []rune(b), most)
	if d > most {
		return limit + 1
	}
	return d * 1000 / longer
}
