package bot

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/briefbot/briefbot/internal/brief"
)

// A dossier within its limits has room for thousands of sources and corrections, and
// whoever asks has them worded each time: what that takes may grow with their number,
// and not with its square.
func TestWordingManyItems(t *testing.T) {
	crowded := func(n int) *brief.Dossier {
		d := &brief.Dossier{ID: "crowded", Title: "Crowded", Timeline: []brief.Event{{ID: "e", Title: "Event"}}}
		for i := range n {
			id := fmt.Sprint("s", i)
			d.Sources = append(d.Sources, brief.Citation{ID: id, Publisher: "Wire"})
			d.Timeline[0].Sources = append(d.Timeline[0].Sources, id)
			d.Corrections = append(d.Corrections, brief.Correction{Text: "Forty-one.", Item: "timeline/e"})
			d.Indicators = append(d.Indicators, brief.Indicator{Label: "Cargoes", Value: "14"})
		}
		return d
	}
	for name, word := range map[string]func(d *brief.Dossier){
		"event":     func(d *brief.Dossier) { eventItems(d, &d.Timeline[0]) },
		"overview":  func(d *brief.Dossier) { overviewItems(d, noon) },
		"citations": func(d *brief.Dossier) { cited(d, d.Timeline[0].Sources) },
	} {
		took := func(n int) uint64 {
			d := crowded(n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			word(d)
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		took(10) // what is made only once
		if few, many := took(250), took(2000); many > 16*few {
			t.Errorf("%s: %d bytes for 250 of each, and %d for 8 times as many", name, few, many)
		}
	}
}
