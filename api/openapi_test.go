package api

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	update        = flag.Bool("update", false, "write api/openapi.json")
	allowBreaking = flag.Bool("allow-breaking", false, "let -update drop or narrow what callers may rely on")
)

const golden = "openapi.json"

func TestOpenAPIDocumentIsTheOneCheckedIn(t *testing.T) {
	t.Parallel()
	got, err := New(Deps{}).OpenAPI()
	require.NoError(t, err)
	want, err := os.ReadFile(golden)
	if *update {
		if err == nil && !*allowBreaking {
			require.Empty(t, breakingChanges(t, want, got), "these break callers; -allow-breaking if that is meant")
		}
		require.NoError(t, os.WriteFile(golden, got, 0o644))
		return
	}
	require.NoError(t, err)
	require.Empty(t, breakingChanges(t, want, got))
	require.Equal(t, string(want), string(got), "run: make openapi")
}

func TestOpenAPIDocumentIsServedToAnyone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rec := b.call(http.MethodGet, "/openapi.json", "", "Authorization", "")
	require.Equal(t, 200, rec.Code)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &doc))
	require.Equal(t, "3.1.0", doc["openapi"])
	create := at(doc, "paths", "/mgt/v1/widgets", "post")
	require.Equal(t, "catalog:write", create["x-scope"])
	require.Equal(t, "key-required", create["x-idempotency"])
	var names []string
	for _, p := range create["parameters"].([]any) {
		names = append(names, p.(map[string]any)["name"].(string))
	}
	require.Subset(t, names, []string{"X-Request-Id", "X-Realm-Id", "Idempotency-Key"})
	body := at(create, "responses", "201", "content", "application/json", "schema")
	require.Equal(t, "#/components/schemas/Widget", body["$ref"], "a reply is documented as what it carries")
	require.Contains(t, at(create, "responses", "default", "content"), problemType)
}

func at(doc map[string]any, path ...string) map[string]any {
	for _, name := range path {
		doc, _ = doc[name].(map[string]any)
	}
	return doc
}

func TestARemovedPathOrFieldOrEnumValueAndANewRequirementAreBreaking(t *testing.T) {
	t.Parallel()
	const old = `{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}],"responses":{"200":{}}},"post":{}}},
		"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p","q"]},"g":{}},"required":["f"]}}}}`
	for name, c := range map[string]struct{ now, want string }{
		"path":      {`{"paths":{},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p","q"]},"g":{}},"required":["f"]}}}}`, "removed: /paths//a"},
		"field":     {`{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}],"responses":{"200":{}}},"post":{}}},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p","q"]}},"required":["f"]}}}}`, "removed: /components/schemas/A/properties/g"},
		"enum":      {`{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}],"responses":{"200":{}}},"post":{}}},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p"]},"g":{}},"required":["f"]}}}}`, "enum value removed: /components/schemas/A/properties/f: q"},
		"required":  {`{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}],"responses":{"200":{}}},"post":{}}},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p","q"]},"g":{}},"required":["f","g"]}}}}`, "now required: /components/schemas/A: g"},
		"type":      {`{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}],"responses":{"200":{}}},"post":{}}},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"integer","enum":["p","q"]},"g":{}},"required":["f"]}}}}`, "type changed: /components/schemas/A/properties/f"},
		"parameter": {`{"paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query","required":true}],"responses":{"200":{}}},"post":{}}},"components":{"schemas":{"A":{"type":"object","properties":{"f":{"type":"string","enum":["p","q"]},"g":{}},"required":["f"]}}}}`, "now required: /paths//a/get/parameters: x"},
	} {
		require.Contains(t, breakingChanges(t, []byte(old), []byte(c.now)), c.want, name)
	}
	require.Empty(t, breakingChanges(t, []byte(old), []byte(old)))
}

// breakingChanges compares two documents by what a caller relies on: things that were there are there, with the same
// type and at least the same enum values, and nothing became required.
func breakingChanges(t *testing.T, old, now []byte) []string {
	t.Helper()
	var a, b map[string]any
	require.NoError(t, json.Unmarshal(old, &a))
	require.NoError(t, json.Unmarshal(now, &b))
	var out []string
	compare("", a, b, &out)
	return out
}

func compare(path string, old, now map[string]any, out *[]string) {
	for name, before := range old {
		here := path + "/" + name
		after, ok := now[name]
		switch {
		case name == "enum":
			for _, v := range missing(before, after) {
				*out = append(*out, "enum value removed: "+path+": "+v)
			}
		case name == "required" || name == "description" || name == "summary" || name == "examples":
		case name == "parameters":
			compareParameters(here, before, after, out)
		case !ok:
			*out = append(*out, "removed: "+here)
		case name == "type" && !sameJSON(before, after):
			*out = append(*out, "type changed: "+path)
		default:
			x, isMap := before.(map[string]any)
			y, stillMap := after.(map[string]any)
			if isMap && stillMap {
				compare(here, x, y, out)
			}
		}
	}
	for _, v := range missing(now["required"], old["required"]) {
		*out = append(*out, "now required: "+path+": "+v)
	}
}

func compareParameters(path string, before, after any, out *[]string) {
	old, now := byName(before), byName(after)
	for name, p := range old {
		q, ok := now[name]
		if !ok {
			*out = append(*out, "removed: "+path+": "+name)
		} else if q["required"] == true && p["required"] != true {
			*out = append(*out, "now required: "+path+": "+name)
		}
	}
	for name, q := range now {
		if _, known := old[name]; !known && q["required"] == true {
			*out = append(*out, "now required: "+path+": "+name)
		}
	}
}

func byName(params any) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _ := params.([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			name, _ := m["name"].(string)
			out[name] = m
		}
	}
	return out
}

// missing gives the strings of a that b lacks.
func missing(a, b any) []string {
	var out []string
	x, _ := a.([]any)
	y, _ := b.([]any)
	for _, v := range x {
		if s, ok := v.(string); ok && !slices.Contains(y, any(s)) {
			out = append(out, s)
		}
	}
	return out
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
