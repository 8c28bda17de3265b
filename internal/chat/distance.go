package chat

// maxDistanceInput bounds the work of comparing a typed name: longer ones are like
// nothing.
const maxDistanceInput = 64

// distance returns how many insertions, deletions, substitutions and swaps of
// neighbours make a into b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > maxDistanceInput || len(t) > maxDistanceInput {
		return max(len(s), len(t))
	}
	before, row := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		next := make([]int, len(t)+1)
		next[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			next[j+1] = min(next[j]+1, row[j+1]+1, row[j]+cost)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(t)]
}
