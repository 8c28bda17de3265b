package discordtest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schemas are the request bodies of Discord's OpenAPI file, compiled once and shared
// by many servers.
type Schemas struct{ byRoute map[string]*jsonschema.Schema }

// specified are the routes with a body, and their paths in the OpenAPI file.
var specified = map[string]string{
	"POST /channels/{channel}/messages":                        "/channels/{channel_id}/messages",
	"PATCH /channels/{channel}/messages/{message}":             "/channels/{channel_id}/messages/{message_id}",
	"POST /channels/{channel}/messages/{message}/threads":      "/channels/{channel_id}/messages/{message_id}/threads",
	"POST /channels/{channel}/threads":                         "/channels/{channel_id}/threads",
	"POST /interactions/{interaction}/{token}/callback":        "/interactions/{interaction_id}/{interaction_token}/callback",
	"PATCH /webhooks/{application}/{token}/messages/@original": "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
	"POST /webhooks/{application}/{token}":                     "/webhooks/{webhook_id}/{webhook_token}",
	"PUT /applications/{application}/commands":                 "/applications/{application_id}/commands",
}

// LoadSpecs reads the OpenAPI file in a folder, discord-openapi.json.
func LoadSpecs(folder string) (*Schemas, error) {
	path := filepath.Join(folder, "discord-openapi.json")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening Discord's OpenAPI file: %w", err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	const base = "https://discord.test/openapi.json"
	if err := c.AddResource(base, doc); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	s := &Schemas{byRoute: map[string]*jsonschema.Schema{}}
	for route, p := range specified {
		method, _, _ := strings.Cut(route, " ")
		pointer := "/paths/" + strings.ReplaceAll(p, "/", "~1") + "/" + strings.ToLower(method) + "/requestBody/content/application~1json/schema"
		if s.byRoute[route], err = c.Compile(base + "#" + (&url.URL{Path: pointer}).EscapedPath()); err != nil {
			return nil, fmt.Errorf("compiling the schema of %s: %w", route, err)
		}
	}
	return s, nil
}

// check returns what is wrong with a body, or the empty string. Nil schemas find
// nothing.
func (s *Schemas) check(method, route string, body []byte) string {
	if s == nil {
		return ""
	}
	schema := s.byRoute[method+" "+route]
	if schema == nil {
		return ""
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	if err := schema.Validate(v); err != nil {
		return err.Error()
	}
	return ""
}
