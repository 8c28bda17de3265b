package brief

import (
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/spelling"
)

func TestBriefName(t *testing.T) {
	for path, want := range map[string]struct {
		id   string
		kind nameKind
	}{
		"briefs/us-nss-2025.yaml":         {"us-nss-2025", briefFile},
		"a.yaml":                          {"a", briefFile},
		"2025.yaml":                       {"2025", briefFile},
		"a--b-.yaml":                      {"a--b-", briefFile},
		strings.Repeat("x", 32) + ".yaml": {strings.Repeat("x", 32), briefFile},
		strings.Repeat("x", 33) + ".yaml": {"", misnamedFile},
		"us-nss-2025.uk.yaml":             {"us-nss-2025", translationFile},
		"us-nss-2025.pt-BR.yaml":          {"us-nss-2025", translationFile},
		"us-nss-2025.zh-Hant-TW.yaml":     {"us-nss-2025", translationFile},
		"us-nss-2025.klingon!.yaml":       {"", misnamedFile},
		"all.yaml":                        {"", misnamedFile},
		"all.uk.yaml":                     {"", misnamedFile},
		"-a.yaml":                         {"", misnamedFile},
		"A.yaml":                          {"", misnamedFile},
		"a b.yaml":                        {"", misnamedFile},
		"é.yaml":                          {"", misnamedFile},
		"a.b.c.yaml":                      {"", misnamedFile},
		"a.yml":                           {"", otherFile},
		"a.YAML":                          {"", otherFile},
		"a.yaml.bak":                      {"", otherFile},
		"README.md":                       {"", otherFile},
		"a":                               {"", otherFile},
		".yaml":                           {"", hiddenFile},
		".a.yaml.swp":                     {"", hiddenFile},
		".#a.yaml":                        {"", hiddenFile},
		"#a.yaml#":                        {"", hiddenFile},
		"a.yaml~":                         {"", hiddenFile},
	} {
		if id, kind := briefName(path); id != want.id || kind != want.kind {
			t.Errorf("%s: id %q, kind %d, want %q, %d", path, id, kind, want.id, want.kind)
		}
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Jane Doe":                          "jane-doe",
		"  J. Doe, Jr. ":                    "j-doe-jr",
		"Łukasz Müller-Nuñez":               "ukasz-muller-nunez",
		"Øresund":                           "resund",
		"ﬁnance ② Ｆｕｌｌ":                     "finance-2-full",
		"White House / U.S. Administration": "white-house-u-s-administration",
		"Moscow’s and Kyiv's talks":         "moscows-and-kyivs-talks",
		"2025–2026":                         "2025-2026",
		"Юлія":                              "",
		"Юлія X":                            "x",
		"北京":                                "",
		"---":                               "",
		"":                                  "",
		"İstanbul":                          "istanbul",
		"a_b":                               "a-b",
	} {
		got := slug(name)
		if got != want {
			t.Errorf("the slug of %q is %q, want %q", name, got, want)
		}
		if got != "" && !isID(got, len(got)) {
			t.Errorf("the slug of %q, %q, is no id", name, got)
		}
	}
}

func TestCutSlug(t *testing.T) {
	for _, test := range []struct {
		slug   string
		length int
		want   string
	}{
		{"jane-doe", 8, "jane-doe"}, {"jane-doe", 7, "jane"}, {"jane-doe", 5, "jane"}, {"jane-doe", 4, "jane"}, {"jane-doe", 3, "jan"},
		{"a-very-long-name", 11, "a-very-long"}, {"", 3, ""},
	} {
		if got := cutSlug(test.slug, test.length); got != test.want {
			t.Errorf("%q cut to %d is %q, want %q", test.slug, test.length, got, test.want)
		}
	}
}

func TestNearestKey(t *testing.T) {
	keys := dossierShape().keys()
	for word, want := range map[string]string{
		"titel": "title", "Title": "title", "overveiw": "overview", "asOf": "as_of", "as-of": "as_of", "review by": "review_by",
		"organisations": "organizations", "organization": "organizations", "peoples": "people", "senarios": "scenarios", "source": "sources",
		"tag": "tags", "timelines": "timeline", "weather": "", "x": "", "": "", "events": "", "sub": "", "lang": "",
		strings.Repeat("title", 10_000): "",
	} {
		if got := spelling.Nearest(word, keys); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", word, got, want)
		}
	}
}
