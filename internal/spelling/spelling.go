// Package spelling hides how a typed word is matched with the one that was meant:
// [Fold] takes away what people leave out when they type, and [Distance] and
// [Nearest] forgive slips of the fingers.
package spelling

import "strings"

// Distance returns how many code points must be put in, taken out, replaced or
// swapped with their neighbour to make b of a (optimal string alignment), or
// limit+1 where it would be more than limit.
func Distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return min(above[len(b)], limit+1)
}

// longest is how many bytes of a word are compared at most: nothing that long is
// a slip of the fingers.
const longest = 256

// Nearest returns the candidate that word was most likely meant to be, the first
// of equals, or "" if none is near: at most a third of its code points, and at most
// three, are wrong, missing or swapped. Capitals, and whether words are joined by
// a hyphen, an underscore, a dot or a space, do not count.
func Nearest(word string, candidates []string) string {
	if len(word) > longest {
		return ""
	}
	typed := plain(word)
	limit := min(3, max(1, len(typed)/3))
	best := ""
	for _, candidate := range candidates {
		if d := Distance(typed, plain(candidate), limit); d <= limit {
			best, limit = candidate, d-1
		}
	}
	return best
}

// Suggestion returns “; did you mean "x"?” with the [Nearest] candidate, or "" if
// none is near: to be put behind the sentence that says the word is unknown.
func Suggestion(word string, candidates []string) string {
	near := Nearest(word, candidates)
	if near == "" {
		return ""
	}
	return `; did you mean "` + near + `"?`
}

var joints = strings.NewReplacer("_", "-", " ", "-", ".", "-")

func plain(s string) []rune {
	return []rune(joints.Replace(strings.ToLower(strings.TrimSpace(s))))
}
