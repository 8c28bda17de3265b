package brief

import "strings"

// nearest returns the candidate that word was most likely meant to be, or "" if
// none is near: at most a third of its letters, and at most three, are wrong,
// missing or swapped.
func nearest(word string, candidates []string) string {
	word = plainWord(word)
	best, least := "", min(3, max(1, len(word)/3))+1
	for _, candidate := range candidates {
		if n := len(candidate) - len(word); n >= least || -n >= least {
			continue
		}
		if distance := editDistance(word, plainWord(candidate)); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// plainWord drops what people vary without meaning to: capitals, and how words are
// joined.
func plainWord(s string) string {
	if len(s) > 4*maxItemID {
		return s
	}
	return strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// editDistance counts the bytes to insert, delete, replace or swap with the next
// to make a into b.
func editDistance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// didYouMean returns “; did you mean "x"?”, or else what may be written instead.
func didYouMean(word string, candidates []string, otherwise string) string {
	if near := nearest(word, candidates); near != "" {
		return `; did you mean "` + near + `"?`
	}
	if otherwise == "" {
		return ""
	}
	return "; " + otherwise
}
