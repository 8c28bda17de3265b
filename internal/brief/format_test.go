package brief

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestFormat formats what each archive has before --- and compares it with what stands
// after it.
func TestFormat(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/format.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		before, after := archive.Files[i], archive.Files[i+1]
		t.Run(before.Name, func(t *testing.T) {
			for _, newline := range []string{"\n", "\r\n"} {
				text := strings.ReplaceAll(string(before.Data), "\n", newline)
				want := strings.ReplaceAll(string(after.Data), "\n", newline)
				got, _ := Format("bridge.yaml", []byte(text))
				if diff := cmp.Diff(want, string(got)); diff != "" {
					t.Errorf("with %q (-want +got):\n%s", newline, diff)
				}
				if again, _ := Format("bridge.yaml", got); !bytes.Equal(again, got) {
					t.Errorf("with %q, formatted again: %s", newline, again)
				}
			}
		})
	}
}

// TestFormatShipped checks that the shipped briefs are in order.
func TestFormatShipped(t *testing.T) {
	paths, err := filepath.Glob("../../briefs/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no briefs", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, problems := Format(path, text)
		if diff := cmp.Diff(string(text), string(got)); diff != "" || len(problems) > 0 {
			t.Errorf("%s: briefbot fmt would change it, %v:\n%s", path, problems, diff)
		}
	}
}

// TestFormatErrors checks that a brief in error is left as it is.
func TestFormatErrors(t *testing.T) {
	for _, text := range []string{
		"title: A\noverviw: B\ntimeline:\n  - {date: 2025, title: Two}\n  - {date: 2024, title: One}\n",
		"title: A\n\toverview: B\n",
		"",
		"title: A\noverview: B\ntimeline:\n  - {id: b, date: 2025, title: Two}\n  - {id: b, date: 2024, title: One}\n",
	} {
		got, problems := Format("bridge.yaml", []byte(text))
		if string(got) != text || !hasErrors(problems) {
			t.Errorf("%q became %q with %v", text, got, problems)
		}
	}
}

// FuzzFormat formats anything: to do it again changes nothing, and what the brief says
// stays, but for the ids that it got.
func FuzzFormat(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/format.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(string(file.Data))
	}
	f.Add("title: A\noverview: B\ntimeline: [{date: 2025, title: Two}, {date: 2024, title: One}]\npeople: [{name: A}, {name: B, roles: []}]")
	f.Add("title: A\noverview: B\ntimeline:\n- &x {date: 2025, title: Two}\n- {<<: *x, date: 2024}\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, problems := Format("bridge.yaml", []byte(text))
		if hasErrors(problems) {
			if string(got) != text {
				t.Fatalf("%q has errors and became %q", text, got)
			}
			return
		}
		again, _ := Format("bridge.yaml", got)
		if !bytes.Equal(again, got) {
			t.Fatalf("%q formatted is %q, and formatted again %q", text, got, again)
		}
		before, after := decode("bridge.yaml", []byte(text)), decode("bridge.yaml", got)
		if hasErrors(after.problems) {
			t.Fatalf("%q formatted is %q, with %v", text, got, after.problems)
		}
		if before.read == nil || after.read == nil || hasErrors(before.problems) {
			return // it had no ids
		}
		if !reflect.DeepEqual(before.read, after.read) {
			t.Fatalf("%q formatted is %q, which says something else", text, got)
		}
	})
}
