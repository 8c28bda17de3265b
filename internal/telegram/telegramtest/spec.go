package telegramtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A spec is the machine-readable interface; nil checks nothing.
type spec struct {
	Methods map[string]object `json:"methods"`
	Types   map[string]object `json:"types"`
}

type object struct {
	Fields   []field  `json:"fields"`
	Subtypes []string `json:"subtypes"`
}

type field struct {
	Name     string   `json:"name"`
	Types    []string `json:"types"`
	Required bool     `json:"required"`
}

var readSpec = sync.OnceValues(func() (*spec, error) {
	data, err := os.ReadFile(filepath.Join(os.Getenv("BRIEFBOT_TEST_SPECS"), "telegram-bot-api.json"))
	if err != nil {
		return nil, err
	}
	var s spec
	return &s, json.Unmarshal(data, &s)
})

// openSpec returns the interface that the environment names, or nil where it names
// none.
func openSpec(t testing.TB) *spec {
	t.Helper()
	if os.Getenv("BRIEFBOT_TEST_SPECS") == "" {
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal("requests cannot be checked against the vendor's interface: set BRIEFBOT_TEST_SPECS to the folder of telegram-bot-api.json")
		}
		t.Log("BRIEFBOT_TEST_SPECS is not set: requests are checked by the limits in the prose alone")
		return nil
	}
	s, err := readSpec()
	if err != nil {
		t.Fatalf("reading telegram-bot-api.json: %v", err)
	}
	return s
}

// check says what is wrong with the parameters of a method.
func (s *spec) check(method string, params map[string]string) error {
	if s == nil {
		return nil
	}
	m, ok := s.Methods[method]
	if !ok {
		return fmt.Errorf("there is no method %s", method)
	}
	known := map[string]field{}
	for _, f := range m.Fields {
		known[f.Name] = f
		if _, given := params[f.Name]; f.Required && !given {
			return fmt.Errorf("%s: %s is required", method, f.Name)
		}
	}
	for name, value := range params {
		f, ok := known[name]
		if !ok {
			return fmt.Errorf("%s has no parameter %s", method, name)
		}
		if err := s.anyOf(f.Types, func(kind string) error { return s.parameter(kind, value) }); err != nil {
			return fmt.Errorf("%s: %s: %w", method, name, err)
		}
	}
	return nil
}

// anyOf succeeds if one of the types fits.
func (s *spec) anyOf(types []string, fits func(string) error) error {
	var first error
	for _, kind := range types {
		err := fits(kind)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// parameter checks one value as it is written in a form.
func (s *spec) parameter(kind, value string) error {
	switch kind {
	case "String":
		return nil
	case "Integer":
		_, err := strconv.ParseInt(value, 10, 64)
		return err
	case "Float":
		_, err := strconv.ParseFloat(value, 64)
		return err
	case "Boolean":
		if value != "true" && value != "false" {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		return fmt.Errorf("is not JSON: %w", err)
	}
	return s.value(kind, v)
}

// value checks one JSON value; null stands for an absent one.
func (s *spec) value(kind string, v any) error {
	if element, ok := strings.CutPrefix(kind, "Array of "); ok {
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%v is no array", v)
		}
		for i, e := range list {
			if err := s.value(element, e); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	}
	ok := true
	switch kind {
	case "String":
		_, ok = v.(string)
	case "Integer", "Float":
		_, ok = v.(float64)
	case "Boolean":
		_, ok = v.(bool)
	default:
		return s.object(kind, v)
	}
	if !ok {
		return fmt.Errorf("%v is no %s", v, kind)
	}
	return nil
}

func (s *spec) object(kind string, v any) error {
	o := s.Types[kind]
	if len(o.Subtypes) > 0 {
		return s.anyOf(o.Subtypes, func(sub string) error { return s.value(sub, v) })
	}
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is no %s", v, kind)
	}
	known := map[string]field{}
	for _, f := range o.Fields {
		known[f.Name] = f
		if m[f.Name] == nil && f.Required {
			return fmt.Errorf("%s: %s is required", kind, f.Name)
		}
	}
	for name, e := range m {
		f, ok := known[name]
		if !ok {
			return fmt.Errorf("%s has no field %s", kind, name)
		}
		if e == nil {
			continue
		}
		if err := s.anyOf(f.Types, func(t string) error { return s.value(t, e) }); err != nil {
			return fmt.Errorf("%s.%s: %w", kind, name, err)
		}
	}
	return nil
}
