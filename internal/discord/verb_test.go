package discord

import (
	"slices"
	"testing"
)

// TestEveryCodeOfEveryVerb gives each verb all published codes, and one that is new:
// what posting does not know better about is never held against the channel.
func TestEveryCodeOfEveryVerb(t *testing.T) {
	later := []int{
		20016, 20022, 20028, 20029, 30037, 30040, 30042, 40003, 40004, 40006, 40062, 40333, 110000, 110001, 130000, 160007,
	}
	everyone := []int{40001, 40002, 50010, 50014, 50041}
	closed := []int{10001, 10003, 10004, 10013, 50001}
	for _, test := range []struct {
		name  string
		verb  verb
		bytes int
		codes map[string][]int
		rest  string // what becomes of a 400 and of a 403 with any other code
		rest3 string
	}{
		{"edit", toEdit, 100, map[string][]int{
			"later": slices.Concat(later, []int{160006}), "later, everyone": everyone,
			"fixed": {10008, 30046, 50005, 50021, 50083},
			"gone": slices.Concat(closed, []int{
				10007, 20024, 40007, 40058, 40067, 50007, 50008, 50009, 50013, 50024, 50095, 50278, 60003, 160002, 160005,
			}),
			"refused": {20001, 20002, 20009, 20031, 40005, 50006, 50035, 50045, 50046, 50109, 50110, 50123, 200000, 200001, 240000, 400001},
		}, "refused", "gone"},
		{"pin", toPin, 0, map[string][]int{
			"later": slices.Concat(later, []int{30046, 160006}), "later, everyone": everyone, "gone": closed,
		}, "fixed", "fixed"},
		{"unpin", toUnpin, 0, map[string][]int{
			"sent": {10008}, "later": slices.Concat(later, []int{30046, 160006}), "later, everyone": everyone, "gone": closed,
		}, "fixed", "fixed"},
		{"open", toOpen, 0, map[string][]int{
			"later": slices.Concat(later, []int{30046}), "later, everyone": everyone, "gone": closed,
		}, "fixed", "fixed"},
		{"open a post", toOpen, 100, map[string][]int{
			"later": slices.Concat(later, []int{30046}), "later, everyone": everyone, "gone": closed,
			"fixed": {
				10007, 10008, 20024, 40007, 40058, 40067, 50005, 50007, 50008, 50009, 50013, 50021, 50024, 50083, 50095, 50278,
				60003, 160002, 160005, 160006,
			},
		}, "refused", "fixed"},
	} {
		for _, status := range []int{400, 403} {
			for _, code := range append(publishedCodes(), 99999) {
				want := test.rest
				if status == 403 && !knownToPosting(code) {
					want = test.rest3
				}
				for outcome, codes := range test.codes {
					if slices.Contains(codes, code) {
						want = outcome
					}
				}
				err := test.verb.outcome(&apiError{Status: status, Code: code, JSON: true}, test.bytes)
				if got := outcomeName(err); got != want {
					t.Errorf("%s: %d with code %d: %s, want %s", test.name, status, code, got, want)
				}
			}
		}
	}
}

// knownToPosting says whether a code alone decides what becomes of a post.
func knownToPosting(code int) bool {
	for _, codes := range columns()[0].codes {
		if slices.Contains(codes, code) {
			return true
		}
	}
	return false
}

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
