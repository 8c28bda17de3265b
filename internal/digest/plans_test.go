package digest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPlans checks how SQLite looks for what each statement asks: nothing that is done
// for one message may read all of them.
func TestPlans(t *testing.T) {
	// Statements that read much, and rarely: when somebody looks, or the clock or an
	// order changed.
	may := []string{
		"sqlEntries", "sqlEntriesOf", "sqlEntriesRare", "sqlStateCounts", "sqlStatusAll", "sqlOwedOn", "sqlRecentOn", "sqlSkip", // operators look, or act
		"sqlReconsider", "sqlRelease", "sqlSentOf", "sqlWithheldEdits", // at the start, and where quiet hours or access are changed
		"sqlDeliveryColumns", "sqlEntryColumns", "sqlChange", // parts of statements
	}
	// The names by which statements call the tables that grow with what is told.
	grow := []string{
		"changes", "composition_changes", "composition_cards", "digests", "deliveries", "cards", "contents", "versions", "calls", "events",
		"c", "e", "g", "k", "o", "t", "v",
	}
	l := openNew(t)
	for name, query := range statements(t) {
		if slices.Contains(may, name) {
			continue
		}
		args := make([]any, parameters(query))
		plan, err := collect(t.Context(), l.read.DB, func(scan func(...any) error) (step string, err error) {
			var id, parent, unused int
			err = scan(&id, &parent, &unused, &step)
			return step, err
		}, "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, step := range plan {
			words := strings.Fields(step)
			if words[0] == "SCAN" && slices.Contains(grow, words[1]) || strings.Contains(step, "deliveries_by_state") {
				t.Errorf("%s reads too much: %s\n%s", name, step, query)
			}
		}
	}
}

// weighed is a parameter that SQLite compares with what a partial index asks for, whenever
// it is given a value: it prepares the statement anew then.
var weighed = regexp.MustCompile(`(?:WHERE|AND) (?:\w+\.)?(?:job|settled_at|announce|schedule|told_at) = \$`)

// TestStatementsStayPrepared checks that nothing that is done for one message prepares its
// statement again.
func TestStatementsStayPrepared(t *testing.T) {
	once := []string{"sqlOfJob"} // a job, and it needs the index
	found := 0
	for name, query := range statements(t) {
		if !weighed.MatchString(query) {
			continue
		}
		if found++; !slices.Contains(once, name) {
			t.Errorf("%s has SQLite prepare it with each value: write + before the column\n%s", name, query)
		}
	}
	if found != len(once) {
		t.Errorf("%d statements compare what partial indexes ask for, want %d", found, len(once))
	}
}

// parameters returns how many parameters a statement has.
func parameters(query string) int {
	n := 0
	for strings.Contains(query, "$"+strconv.Itoa(n+1)) {
		n++
	}
	return n
}
