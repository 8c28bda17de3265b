package discordtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of commands
// (https://discord.com/developers/docs/interactions/application-commands).
const (
	maxCommands    = 100
	maxOptions     = 25
	maxChoices     = 25
	maxCommandText = 8000
	maxCreations   = 200 // a day
)

func (s *Server) getCommands(c *call) answer {
	if c.PathValue("application") != s.application {
		return refuse(http.StatusForbidden, 50001, "Missing Access")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, cmd := range s.commands {
		shown := maps.Clone(cmd)
		if c.URL.Query().Get("with_localizations") != "true" {
			delete(shown, "name_localizations")
			delete(shown, "description_localizations")
		}
		list = append(list, shown)
	}
	return ok(list)
}

func (s *Server) putCommands(c *call) answer {
	if c.PathValue("application") != s.application {
		return refuse(http.StatusForbidden, 50001, "Missing Access")
	}
	var list []map[string]any
	if err := json.Unmarshal(c.body, &list); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	if problem := checkCommands(list); problem != "" {
		return invalid("%s", problem)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]map[string]any{}
	for _, cmd := range s.commands {
		known[str(cmd["name"])] = cmd
	}
	created := 0
	for _, cmd := range list {
		if known[str(cmd["name"])] == nil {
			created++
		}
	}
	if s.created+created > maxCreations {
		return refuse(http.StatusBadRequest, 30034, "Max number of daily application command creates has been reached (200)")
	}
	s.created += created
	s.commands = nil
	for _, cmd := range list {
		s.commands = append(s.commands, s.completed(cmd, known[str(cmd["name"])]))
	}
	s.notify()
	shown := []any{}
	for _, cmd := range s.commands {
		shown = append(shown, cmd)
	}
	return ok(shown)
}

// completed is a command as Discord gives it back: with the defaults. The caller
// holds s.mu.
func (s *Server) completed(cmd, before map[string]any) map[string]any {
	full := map[string]any{
		"type": 1, "default_member_permissions": nil, "dm_permission": true, "nsfw": false, "contexts": nil,
		"integration_types": []any{0}, "name_localizations": nil, "description_localizations": nil,
	}
	maps.Copy(full, cmd)
	if options, given := full["options"].([]any); given && len(options) == 0 {
		delete(full, "options")
	}
	full["application_id"], full["version"] = s.application, s.id()
	full["id"] = s.id()
	if before != nil {
		full["id"] = before["id"]
	}
	// A round trip makes numbers what they are after decoding.
	data, _ := json.Marshal(full)
	var plain map[string]any
	json.Unmarshal(data, &plain) //nolint:errcheck // was marshalled just now
	return plain
}

func checkCommands(list []map[string]any) string {
	if len(list) > maxCommands {
		return fmt.Sprintf("at most %d commands", maxCommands)
	}
	names := map[string]bool{}
	for _, cmd := range list {
		name := str(cmd["name"])
		if names[name] {
			return fmt.Sprintf("command %q: names are unique", name)
		}
		names[name] = true
		if problem := checkCommand(cmd); problem != "" {
			return fmt.Sprintf("command %q: %s", name, problem)
		}
	}
	return ""
}

func checkCommand(cmd map[string]any) string {
	if kind, given := cmd["type"]; given && number(kind) != 1 {
		return "only slash commands are played here"
	}
	size := 0
	if problem := checkNames(cmd, &size); problem != "" {
		return problem
	}
	options, _ := cmd["options"].([]any)
	if len(options) > maxOptions {
		return fmt.Sprintf("at most %d options", maxOptions)
	}
	optional, names := false, map[string]bool{}
	for _, v := range options {
		o, _ := v.(map[string]any)
		if names[str(o["name"])] {
			return fmt.Sprintf("option %q: names are unique", str(o["name"]))
		}
		names[str(o["name"])] = true
		required, _ := o["required"].(bool)
		if required && optional {
			return fmt.Sprintf("option %q: required options must be placed before non-required options", str(o["name"]))
		}
		optional = optional || !required
		if problem := checkOption(o, &size); problem != "" {
			return fmt.Sprintf("option %q: %s", str(o["name"]), problem)
		}
	}
	if size > maxCommandText {
		return fmt.Sprintf("%d characters in all, at most %d", size, maxCommandText)
	}
	return ""
}

func checkNames(m map[string]any, size *int) string {
	name, description := str(m["name"]), str(m["description"])
	if !regexp.MustCompile(`^[-_'\p{L}\p{N}]{1,32}$`).MatchString(name) || name != strings.ToLower(name) {
		return "the name is not 1 to 32 lower-case letters, digits, - and _"
	}
	if n := utf8.RuneCountInString(description); n < 1 || n > 100 {
		return "the description is not 1 to 100 characters"
	}
	*size += utf8.RuneCountInString(name) + utf8.RuneCountInString(description)
	return ""
}

func checkOption(o map[string]any, size *int) string {
	if problem := checkNames(o, size); problem != "" {
		return problem
	}
	kind := number(o["type"])
	if kind < 3 || kind > 11 {
		return "not a type of option that is played here"
	}
	choices, _ := o["choices"].([]any)
	completes, _ := o["autocomplete"].(bool)
	if len(choices) > maxChoices {
		return fmt.Sprintf("at most %d choices", maxChoices)
	}
	if (completes || len(choices) > 0) && kind != 3 && kind != 4 && kind != 10 {
		return "only texts and numbers have choices"
	}
	if completes && len(choices) > 0 {
		return "autocomplete and choices exclude each other"
	}
	return checkChoices(choices, kind, size)
}

func checkChoices(choices []any, kind int, size *int) string {
	names := map[string]bool{}
	for _, v := range choices {
		c, _ := v.(map[string]any)
		name, isText := c["name"].(string)
		if n := utf8.RuneCountInString(strings.TrimSpace(name)); !isText || n < 1 || n > 100 {
			return fmt.Sprintf("choice %q: the name is not 1 to 100 characters", name)
		}
		if names[name] {
			return fmt.Sprintf("choice %q: names are unique", name)
		}
		names[name] = true
		value, isText := c["value"].(string)
		if _, isNumber := c["value"].(float64); kind == 3 && !isText || kind != 3 && !isNumber {
			return fmt.Sprintf("choice %q: the value is not of the option's type", name)
		}
		if utf8.RuneCountInString(value) > 100 {
			return fmt.Sprintf("choice %q: the value has more than 100 characters", name)
		}
		*size += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	return ""
}

// Commands are the names of the registered commands, in order.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, c := range s.commands {
		names = append(names, str(c["name"]))
	}
	return names
}

// Command is a registered command as Discord keeps it, nil if there is none.
func (s *Server) Command(name string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.command(name)
}

func (s *Server) command(name string) map[string]any {
	for _, c := range s.commands {
		if str(c["name"]) == name {
			return c
		}
	}
	return nil
}

// SetCommands replaces what is registered without any check: what an earlier
// version of the bot left behind.
func (s *Server) SetCommands(list ...map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = nil
	for _, c := range list {
		s.commands = append(s.commands, s.completed(c, nil))
	}
}

// SetCreated sets how many commands were created today, for the limit of 200.
func (s *Server) SetCreated(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created = n
}
