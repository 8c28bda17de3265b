package brief_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/briefbot/briefbot/internal/brief"
)

const (
	briefsDir = "../../briefs"

	// sharedRun is the number of words in a row, outside quotation marks,
	// that counts as copied rather than retold.
	sharedRun = 9
)

// shipped holds, for every dossier that comes with briefbot, how many items
// its sections must have.
var shipped = map[string]map[string]int{
	"us-nss-2025": {
		"indicators": 3, "people": 5, "organizations": 5,
		"timeline": 11, "scenarios": 5, "history": 3,
	},
	"ukraine-peace-talks": {"sources": 16},
}

// TestShippedSections checks that the shipped dossiers are YAML and complete.
func TestShippedSections(t *testing.T) {
	for story, sections := range shipped {
		var dossier map[string]yaml.Node
		if err := yaml.Unmarshal(readBrief(t, story), &dossier); err != nil {
			t.Errorf("%s: %v", story, err)
			continue
		}
		for section, want := range sections {
			node := dossier[section]
			if got := len(node.Content); got != want {
				t.Errorf("%s: %d %s, want %d", story, got, section, want)
			}
		}
	}
}

// TestShippedDecode checks that nothing is wrong with any brief that comes with
// briefbot.
func TestShippedDecode(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(briefsDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(shipped) {
		t.Errorf("%d briefs in %s, want at least %d", len(files), briefsDir, len(shipped))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dossier, problems := brief.Decode(file, data)
		for _, p := range problems {
			t.Error(p)
		}
		if dossier == nil {
			t.Errorf("%s: no dossier", file)
		}
	}
}

// TestShippedWording checks that the shipped dossiers retell the texts they
// rest on in words of their own. Those texts are not part of the repository.
func TestShippedWording(t *testing.T) {
	dir := os.Getenv("BRIEFBOT_TEST_SEEDS")
	if dir == "" {
		const msg = "BRIEFBOT_TEST_SEEDS does not name the folder of source texts"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	known := sourceRuns(t, dir)
	for _, story := range slices.Sorted(maps.Keys(shipped)) {
		var root yaml.Node
		if err := yaml.Unmarshal(readBrief(t, story), &root); err != nil {
			t.Errorf("%s: %v", story, err)
			continue
		}
		for _, text := range scalars(&root) {
			for _, part := range unquoted(text.Value) {
				for run := range runs(part) {
					if known[run] {
						t.Errorf("%s.yaml:%d: copied from a source text: %q", story, text.Line, run)
					}
				}
			}
		}
	}
}

func readBrief(t *testing.T, story string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(briefsDir, story+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sourceRuns returns every run of words in the text files of dir.
func sourceRuns(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no .txt files in %s", dir)
	}
	known := make(map[string]bool)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(known, runs(string(data)))
	}
	return known
}

// scalars returns the scalar nodes under n. Each is a text of its own: a run
// of words does not go on from one to the next.
func scalars(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	var found []*yaml.Node
	for _, child := range n.Content {
		found = append(found, scalars(child)...)
	}
	return found
}

var quotation = regexp.MustCompile(`“[^”]*”`)

// unquoted returns the parts of s that lie outside quotation marks.
func unquoted(s string) []string { return quotation.Split(s, -1) }

// runs returns every run of sharedRun words in s, in lower case, with
// apostrophes dropped and any other punctuation taken as a space.
func runs(s string) map[string]bool {
	s = strings.NewReplacer("’", "", "'", "").Replace(strings.ToLower(s))
	words := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	found := make(map[string]bool)
	for i := sharedRun; i <= len(words); i++ {
		found[strings.Join(words[i-sharedRun:i], " ")] = true
	}
	return found
}
