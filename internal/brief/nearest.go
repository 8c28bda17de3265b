package brief

import "github.com/briefbot/briefbot/internal/spelling"

// didYouMean returns “; did you mean "x"?”, or else what may be written instead.
func didYouMean(word string, candidates []string, otherwise string) string {
	if near := spelling.Suggestion(word, candidates); near != "" || otherwise == "" {
		return near
	}
	return "; " + otherwise
}
