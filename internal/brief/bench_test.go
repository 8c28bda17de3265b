//go:build unix

package brief

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// benchDossiers is how many dossiers the benchmarks of loading have, and
// benchSize how large each is, in bytes, or a little more.
const (
	benchDossiers = 10_000
	benchSize     = 15_000
)

// benchText returns the text of a brief of benchSize that is unlike the others.
func benchText(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: Story number %d\nsubtitle: What became of it\nas_of: 2025-12-08\ntags: [trade, tag-%d]\n", n, n%50)
	b.WriteString("overview: |\n  What is known about it, in two paragraphs that say who did what and when.\n\n  The second one cites [^wire].\n")
	b.WriteString("indicators:\n  - {id: cargoes, label: Cargoes a week, value: \"14\", unit: ships}\npeople:\n")
	for i := range 8 {
		fmt.Fprintf(&b, "  - id: person-%d-%d\n    name: Person %d Of %d\n    aliases: [P. %d]\n    title: Minister\n    role: Signed the accord that this story is about.\n", i, n%200, i, n, i)
	}
	b.WriteString("organizations:\n")
	for i := range 4 {
		fmt.Fprintf(&b, "  - {id: org-%d, name: Organization %d Of %d, kind: agency, about: It watches over the ships.}\n", i, i, n)
	}
	b.WriteString("sources:\n  - {id: wire, publisher: A wire, title: Its report, url: \"https://example.org/report\"}\ntimeline:\n")
	for i := 0; b.Len() < benchSize; i++ {
		fmt.Fprintf(&b, "  - id: event-%d\n    date: 2025-%02d-%02d\n    title: What happened on day %d of it\n    kind: Diplomacy\n    detail: >-\n      They met for the whole of the day, and said in the evening that they had agreed on most of the\n      points before them, while the others would be left to their ministers.\n    people: [person-%d-%d]\n    organizations: [org-%d]\n    sources: [wire]\n", i, 1+i%12, 1+i%28, i, i%8, n%200, i%4)
	}
	return b.String()
}

// benchFolder writes dossiers, fewer of them under -short.
func benchFolder(b *testing.B) (dir string, paths []string) {
	b.Helper()
	dir = b.TempDir()
	count := benchDossiers
	if testing.Short() {
		count = 500
	}
	for n := range count {
		path := filepath.Join(dir, fmt.Sprintf("story-%05d.yaml", n))
		if err := os.WriteFile(path, []byte(benchText(n)), 0o644); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	return dir, paths
}

// bareDecode reads and decodes the files with nothing but the YAML library, as
// many at once as there are processors.
func bareDecode(b *testing.B, paths []string) []Dossier {
	dossiers := make([]Dossier, len(paths))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
				data, err := os.ReadFile(paths[i])
				if err == nil {
					err = yaml.Unmarshal(data, &dossiers[i])
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	workers.Wait()
	return dossiers
}

// BenchmarkLoad loads a folder of 10,000 dossiers of 15 KB into a snapshot, and in
// turn decodes the same files with nothing but the YAML library. It reports the
// seconds and the processor seconds of both, and how the first are to the second;
// those of the processor say more on a busy machine.
func BenchmarkLoad(b *testing.B) {
	dir, paths := benchFolder(b)
	var bare, whole usage
	for b.Loop() {
		bare.add(func() {
			decoded := bareDecode(b, paths)
			if len(decoded) != len(paths) || len(decoded[0].Timeline) == 0 {
				b.Fatal("the bare decode is not complete")
			}
		})
		whole.add(func() {
			s := loadDir(b, dir, nil)
			if len(s.Dossiers()) != len(paths) || len(s.Problems()) > 0 {
				b.Fatal(len(s.Dossiers()), s.Problems())
			}
		})
	}
	n := float64(b.N)
	b.ReportMetric(bare.wall.Seconds()/n, "bare-s/op")
	b.ReportMetric(whole.wall.Seconds()/n, "load-s/op")
	b.ReportMetric(whole.wall.Seconds()/bare.wall.Seconds(), "load/bare")
	b.ReportMetric(bare.cpu.Seconds()/n, "bare-cpu-s/op")
	b.ReportMetric(whole.cpu.Seconds()/n, "load-cpu-s/op")
	b.ReportMetric(whole.cpu.Seconds()/bare.cpu.Seconds(), "cpu-load/bare")
	b.ReportMetric(0, "ns/op")
}

// A usage is what something took.
type usage struct{ wall, cpu time.Duration }

// add adds what do takes, beginning with a clean heap.
func (u *usage) add(do func()) {
	runtime.GC()
	start, cpu := time.Now(), processorTime()
	do()
	u.wall += time.Since(start)
	u.cpu += processorTime() - cpu
}

// processorTime is what the process has used of all processors so far.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkReload loads the same folder again after one file changed, and compares
// the snapshots.
func BenchmarkReload(b *testing.B) {
	dir, paths := benchFolder(b)
	previous := loadDir(b, dir, nil)
	n := 0
	for b.Loop() {
		n++
		text := strings.Replace(benchText(0), "What became of it", fmt.Sprint("Revision ", n), 1)
		if err := os.WriteFile(paths[0], []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		next := loadDir(b, dir, previous)
		if changes := Diff(previous, next); len(changes) != 1 {
			b.Fatal(short(changes))
		}
		previous = next
	}
}

// benchSnapshot returns a snapshot of count dossiers, a tenth of them for a group.
func benchSnapshot(b *testing.B, count int) *Snapshot {
	b.Helper()
	var dossiers []*Dossier
	for n := range count {
		d, problems := Decode(fmt.Sprintf("story-%05d.yaml", n), []byte(benchText(n)))
		if d == nil {
			b.Fatal(problems)
		}
		if n%10 == 0 {
			d.Audience = []string{"newsroom"}
		}
		dossiers = append(dossiers, d)
	}
	return NewSnapshot("bench", testNow, dossiers, nil)
}

func BenchmarkFind(b *testing.B) {
	s := benchSnapshot(b, 1000)
	policy := &Policy{Groups: map[string][]string{"newsroom": {"telegram:4242"}}}
	policy.Reader(s, "telegram:4242").Find("warm", 1)
	for _, typed := range []string{"", "s", "story number 77", "tag-7", "of 512", "zebra", "number person", "ø"} {
		b.Run(fmt.Sprintf("%q", typed), func(b *testing.B) {
			for b.Loop() {
				policy.Reader(s, "telegram:4242").Find(typed, 25)
			}
		})
	}
}

func BenchmarkNearest(b *testing.B) {
	s := benchSnapshot(b, 1000)
	r := Unrestricted(s)
	r.Find("warm", 1)
	for b.Loop() {
		r.Nearest("stroy nubmer 512", 3)
	}
}

func BenchmarkAppearances(b *testing.B) {
	r := Unrestricted(benchSnapshot(b, 1000))
	r.Find("warm", 1)
	for b.Loop() {
		if len(r.Appearances("Person 3 Of 500")) == 0 {
			b.Fatal("nobody")
		}
	}
}

// BenchmarkReader makes the reader of one question over 10,000 dossiers, for one
// of few and for one of many.
func BenchmarkReader(b *testing.B) {
	var dossiers []*Dossier
	for n := range benchDossiers {
		d := story(b, fmt.Sprintf("story-%05d", n), "A story", "2025-11-21")
		if n%10 == 0 {
			d.Audience = []string{"newsroom"}
		}
		dossiers = append(dossiers, d)
	}
	s := snapshotOf(dossiers...)
	var members, roles []string
	for n := range 10_000 {
		members = append(members, fmt.Sprintf("telegram:%d", n))
	}
	for n := range 250 { // as many as Discord allows
		roles = append(roles, fmt.Sprintf("discord-role:1/%d", n))
	}
	for name, test := range map[string]struct{ members, subjects []string }{
		"few":  {members[:3], []string{members[2]}},
		"many": {members, append(roles, members[len(members)-1])},
	} {
		policy := &Policy{Groups: map[string][]string{"newsroom": test.members}}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := policy.Reader(s, test.subjects...).Story("story-00010"); !ok {
					b.Fatal("not seen")
				}
			}
		})
	}
}

// BenchmarkDiffStored compares two versions of 1,000 dossiers that share nothing,
// as after a restart.
func BenchmarkDiffStored(b *testing.B) {
	before, after := benchSnapshot(b, 1000), benchSnapshot(b, 1000)
	for b.Loop() {
		if changes := Diff(before, after); len(changes) > 0 {
			b.Fatal(len(changes))
		}
	}
}
