package discord

import (
	"testing"
	"time"
)

// TestStatusBeforeCodeForVerbs checks that a wait and a bad token are what they are,
// and that old messages alone are told of by a 429.
func TestStatusBeforeCodeForVerbs(t *testing.T) {
	for _, test := range []struct {
		e    apiError
		v    verb
		want string
	}{
		{apiError{Status: 429, JSON: true}, toEdit, "later"},
		{apiError{Status: 429, JSON: true, Code: 50013}, toPin, "later"},
		{apiError{Status: 429, JSON: true, Code: 30046}, toEdit, "fixed"},
		{apiError{Status: 429, JSON: true, Code: 30046, After: time.Minute}, toEdit, "later"},
		{apiError{Status: 429, JSON: true, Code: 30046, After: time.Hour}, toEdit, "fixed"},
		{apiError{Status: 429, JSON: true, Code: 30046}, toPin, "later"},
		{apiError{Status: 401, JSON: true, Code: 10008}, toUnpin, "later, everyone"},
		{apiError{Status: 404, Code: 10008}, toEdit, "later"}, // not Discord's own words
		{apiError{Status: 404, JSON: true}, toPin, "later, everyone"},
		{apiError{Status: 502, JSON: true}, toOpen, "later"},
	} {
		if got := outcomeName(test.v.outcome(&test.e, 0)); got != test.want {
			t.Errorf("verb %d: %+v: %s, want %s", test.v, test.e, got, test.want)
		}
	}
}
