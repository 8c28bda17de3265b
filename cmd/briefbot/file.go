package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// defaultFile is read where it exists and no other is named.
const defaultFile = "./briefbot.yaml"

// A file is the configuration file as it was read: the values of settings, and
// what only a file can say.
type file struct {
	path     string // empty: there is none
	settings map[string]string

	subscriptions []digest.Subscription
	stories       []*yaml.Node // that subscriptions name
	operators     []string
	alarms        []string
	policy        brief.Policy
	editedBy      bool

	problems []brief.Problem
	under    []string // the keys that lead to what is being read
}

// readFile reads the configuration at path, or the default one where path is
// empty and it exists. What is wrong inside the file is kept as problems; an error
// means that there is nothing to judge.
//
// The checks are those of the settings that it may hold, by the names of their flags.
func readFile(path string, checks map[string]checkFunc) (*file, error) {
	if path == "" {
		if !exists(defaultFile) {
			return new(file), nil
		}
		path = defaultFile
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return parseFile(path, data, checks), nil
}

func parseFile(path string, data []byte, checks map[string]checkFunc) *file {
	f := &file{path: path, settings: make(map[string]string)}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err == io.EOF {
		return f // nothing but comments
	} else if err != nil {
		f.syntax(err)
		return f
	}
	f.fields(document.Content[0], f.root(checks))
	// What stands after a line --- would be ignored.
	switch err := decoder.Decode(&second); {
	case err == nil:
		f.problem(&second, "document", "a second document begins here; take out the line ---")
	case err != io.EOF:
		f.syntax(err)
	}
	return f
}

// Validate implements kong.Resolver.
func (f *file) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver: the file counts where neither a flag nor the
// environment has set a value.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.settings[flag.Name]
	if !ok || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	return value, nil
}

// Err returns the problems as one error, or nil.
func (f *file) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	lines := make([]string, len(f.problems))
	for i, p := range f.problems {
		lines[i] = p.String()
	}
	return errors.New("the configuration cannot be used:\n  " + strings.Join(lines, "\n  "))
}

// fieldFunc reads the value of one key.
type fieldFunc func(value *yaml.Node)

// root returns the readers of the top-level keys.
func (f *file) root(checks map[string]checkFunc) map[string]fieldFunc {
	keys := map[string]fieldFunc{
		"subscriptions": func(n *yaml.Node) { f.list(n, f.subscription) },
		"operators":     func(n *yaml.Node) { f.operators = f.subjects(n, personal) },
		"alarms":        func(n *yaml.Node) { f.alarms = f.subjects(n, conversation) },
		"access":        f.access,
		"edited_by":     func(n *yaml.Node) { f.editedBy = f.yes(n) },
	}
	nested := make(map[string]map[string]fieldFunc)
	for flag, check := range checks {
		read := func(n *yaml.Node) {
			text, ok := f.scalar(n)
			if !ok {
				return
			}
			switch err := check(text); {
			case errors.Is(err, errFileSecret):
				f.problem(n, "secret", "%v", err)
				return
			case err != nil:
				f.problem(n, "setting", "%v", err)
				return
			}
			f.settings[flag] = text
		}
		key := strings.ReplaceAll(flag, "-", "_")
		group, rest, _ := strings.Cut(key, "_")
		if group != "discord" && group != "telegram" && group != "log" {
			keys[key] = read
			continue
		}
		if nested[group] == nil {
			nested[group] = make(map[string]fieldFunc)
		}
		nested[group][rest] = read
	}
	for group, fields := range nested {
		keys[group] = func(n *yaml.Node) { f.fields(n, fields) }
	}
	f.refuseSecrets(keys, "web_token", "briefs_token", "briefs_webhook_secret")
	f.refuseSecrets(nested["discord"], "token")
	f.refuseSecrets(nested["telegram"], "token", "webhook_secret")
	return keys
}

// yes reads a choice.
func (f *file) yes(n *yaml.Node) bool {
	text, ok := f.scalar(n)
	if ok && text != "true" && text != "false" {
		f.problem(n, "setting", "write true or false, not %q", text)
	}
	return text == "true"
}

// refuseSecrets makes keys refuse secrets that are written into the file.
func (f *file) refuseSecrets(keys map[string]fieldFunc, names ...string) {
	for _, name := range names {
		keys[name] = func(n *yaml.Node) {
			f.problem(n, "secret", "a secret is never a value in this file; keep it in a file of its own and name that with %s_file, or set an environment variable", name)
		}
	}
}

// access reads who may use the bot and who is in which group.
func (f *file) access(n *yaml.Node) {
	f.fields(n, map[string]fieldFunc{
		"default": func(n *yaml.Node) {
			switch text, _ := f.scalar(n); text {
			case "open":
			case "closed":
				f.policy.Closed = true
			default:
				f.problem(n, "access", "write open or closed, not %q", text)
			}
		},
		"groups": func(n *yaml.Node) {
			if !f.isKind(n, yaml.MappingNode, "a mapping of group names to lists") {
				return
			}
			f.policy.Groups = make(map[string][]string)
			for i := 0; i+1 < len(n.Content); i += 2 {
				name := n.Content[i]
				if !identifier.MatchString(name.Value) {
					f.problem(name, "access", "%q is not a group's name: use lower-case letters, digits and hyphens", name.Value)
				}
				f.policy.Groups[name.Value] = f.subjects(n.Content[i+1], anySubject)
			}
		},
	})
}

// subscription reads one entry of the list.
func (f *file) subscription(n *yaml.Node) {
	s := digest.Subscription{Configured: true}
	before := len(f.problems)
	f.fields(n, map[string]fieldFunc{
		"to": func(n *yaml.Node) {
			text, _ := f.scalar(n)
			if !conversation.pattern.MatchString(text) {
				f.problem(n, "subscription", "%q is not a conversation: write %s", text, conversation.example)
				return
			}
			s.Where, _ = chat.ParseConversation(text) // the pattern is narrower
		},
		"stories": func(n *yaml.Node) {
			f.list(n, func(n *yaml.Node) {
				text, _ := f.scalar(n)
				switch {
				case text == "*":
				case text == "all":
					f.problem(n, "subscription", "no story is called all; write \"*\" for all")
				case identifier.MatchString(text):
					f.stories = append(f.stories, n)
				default:
					f.problem(n, "subscription", "%q is not a story's id; write the name of its file without .yaml, or \"*\" for all", text)
				}
				s.Stories = append(s.Stories, text)
			})
		},
		"schedule": func(n *yaml.Node) {
			text, _ := f.scalar(n)
			var err error
			if s.Schedule, err = digest.ParseSchedule(text); err != nil {
				f.problem(n, "subscription", "%v", err)
			}
		},
		"timezone": func(n *yaml.Node) {
			s.Timezone, _ = f.scalar(n)
			if err := checkZone(s.Timezone); err != nil {
				f.problem(n, "subscription", "%v", err)
			}
		},
		"importance": func(n *yaml.Node) {
			text, _ := f.scalar(n)
			s.Importance = brief.Importance(text)
			if !slices.Contains([]brief.Importance{brief.Minor, brief.Normal, brief.Major}, s.Importance) {
				f.problem(n, "subscription", "write minor, normal or major, not %q", text)
			}
		},
		"mode": func(n *yaml.Node) {
			text, _ := f.scalar(n)
			s.Mode = digest.Mode(text)
			if !slices.Contains([]digest.Mode{digest.ModePost, digest.ModeEdit, digest.ModeThread}, s.Mode) {
				f.problem(n, "subscription", "write post, edit or thread, not %q", text)
			}
		},
		"quiet": func(n *yaml.Node) {
			text, _ := f.scalar(n)
			var err error
			if s.Quiet, err = digest.ParseQuiet(text); err != nil {
				f.problem(n, "subscription", "%v", err)
			}
		},
	})
	if len(f.problems) > before || n.Kind != yaml.MappingNode {
		return
	}
	if s.Where.ID == "" || len(s.Stories) == 0 {
		f.problem(n, "subscription", "a subscription needs to: (a conversation) and stories: (a list of ids, or [\"*\"])")
		return
	}
	f.subscriptions = append(f.subscriptions, s)
}

var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// A subjectForm is a way of naming somebody or somewhere.
type subjectForm struct {
	pattern *regexp.Regexp
	example string
}

var (
	personal     = subjectForm{regexp.MustCompile(`^(telegram:[1-9]\d*|discord-user:\d+)$`), "telegram:4242 or discord-user:998877665544332211"}
	conversation = subjectForm{regexp.MustCompile(`^(telegram:-?[1-9]\d*(/\d+)?|discord:\d+)$`), "telegram:-1001234567890, telegram:-1001234567890/77 or discord:112233445566778899"}
	anySubject   = subjectForm{regexp.MustCompile(`^(telegram:-?[1-9]\d*|discord-user:\d+|discord-role:\d+/\d+|discord-guild:\d+|discord:\d+)$`),
		"telegram:4242, telegram:-1001234567890, discord-user:…, discord-role:GUILD/ROLE, discord-guild:… or discord:…"}
)

// subjects reads a list of names of the given form.
func (f *file) subjects(n *yaml.Node, form subjectForm) []string {
	var names []string
	f.list(n, func(n *yaml.Node) {
		text, ok := f.scalar(n)
		if ok && !form.pattern.MatchString(text) {
			f.problem(n, "subject", "%q names nobody; write %s", text, form.example)
			return
		}
		names = append(names, text)
	})
	return names
}
