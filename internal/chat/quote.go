package chat

import "strings"

// quote returns v so that the parser reads it back as one word. A positional
// value that holds an equals sign must be quoted too, or it would name an
// option.
func quote(v string, positional bool) string {
	if v != "" && !strings.ContainsAny(v, " \t\n\r\"\\“”„«»") && !(positional && strings.Contains(v, "=")) {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}
