package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

// fields reads a mapping whose keys are all known, and each at most once. A key
// without a value, as commenting its value out leaves one, is as if it were not there.
func (f *file) fields(n *yaml.Node, keys map[string]fieldFunc) {
	if !f.isKind(n, yaml.MappingNode, "a mapping of keys to values") {
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := keys[key.Value]
		switch {
		case !ok:
			f.problem(key, "unknown-key", "unknown key %q%s", key.Value, spelling.Suggestion(key.Value, slices.Sorted(maps.Keys(keys))))
		case seen[key.Value]:
			f.problem(key, "duplicate-key", "%q stands here twice; keep one", key.Value)
		case value.Tag != "!!null":
			f.under = append(f.under, key.Value)
			read(value)
			f.under = f.under[:len(f.under)-1]
		}
		seen[key.Value] = true
	}
}

// list calls read for each entry of a list.
func (f *file) list(n *yaml.Node, read fieldFunc) {
	if !f.isKind(n, yaml.SequenceNode, "a list") {
		return
	}
	for _, entry := range n.Content {
		read(entry)
	}
}

// scalar returns the text of a single value.
func (f *file) scalar(n *yaml.Node) (string, bool) {
	if !f.isKind(n, yaml.ScalarNode, "a single value") {
		return "", false
	}
	return n.Value, true
}

func (f *file) isKind(n *yaml.Node, kind yaml.Kind, want string) bool {
	if n.Kind == kind {
		return true
	}
	if n.Kind == yaml.AliasNode {
		f.problem(n, "type", "an alias cannot be used here; write %s", want)
	} else {
		f.problem(n, "type", "this should be %s", want)
	}
	return false
}

// problem keeps what is wrong at n, after the key that it stands under.
func (f *file) problem(n *yaml.Node, rule, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if len(f.under) > 0 {
		message = strings.Join(f.under, ".") + ": " + message
	}
	f.problems = append(f.problems, brief.Problem{
		Path: f.path, Line: n.Line, Column: n.Column, Severity: brief.Error, Rule: rule, Message: message,
	})
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)`)

// syntax keeps what the YAML parser says, with its place where it names one.
func (f *file) syntax(err error) {
	p := brief.Problem{Path: f.path, Line: 1, Column: 1, Severity: brief.Error, Rule: "syntax"}
	p.Message = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Message = m[2]
	}
	f.problems = append(f.problems, p)
}

func isSet(name string) bool {
	_, ok := os.LookupEnv(name)
	return ok
}
