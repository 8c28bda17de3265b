package desk

import (
	_ "embed" // the template
	"strings"
)

//go:embed new.yaml
var template string

// schemaLine tells the YAML extension of an editor what a brief may hold.
const schemaLine = "# yaml-language-server: $schema=https://raw.githubusercontent.com/briefbot/briefbot/main/docs/brief.schema.json\n"

// New returns a brief to start from: a draft, with one example of every section in
// comments. The title may be empty.
func New(title string) []byte {
	line := "title:"
	if title != "" {
		line += " " + scalar(title)
	}
	return []byte(schemaLine + strings.Replace(template, "title:", line, 1))
}
