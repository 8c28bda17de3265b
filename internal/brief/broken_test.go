package brief

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	brokenDir    = "testdata/broken"
	brokenGolden = "testdata/broken.txt"
)

// TestBroken holds everything that is said of the broken briefs, one of each kind
// of mistake, to a golden file.
func TestBroken(t *testing.T) {
	problems, err := Check(brokenDir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range problems {
		p.Path = strings.TrimPrefix(p.Path, brokenDir+"/")
		fmt.Fprintf(&b, "%s [%s %s]\n", p, p.Severity, p.Rule)
	}
	got := b.String()
	if *update {
		if err := os.WriteFile(brokenGolden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(brokenGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("problems differ from %s (-want +got); run go test -update if they should:\n%s", brokenGolden, diff)
	}
}
