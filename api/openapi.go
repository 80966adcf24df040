package api

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

const keySecurity = "serviceKey"

// describe fills in what is true for the whole document.
func describe(doc *huma.OpenAPI) {
	doc.Info.Description = "Durabill: a durable billing service. Errors are problem documents (RFC 9457) whose `code` is " +
		"stable. Ids are prefixed, amounts are decimal strings, lists are paged by opaque cursors, and a POST that " +
		"writes needs an Idempotency-Key."
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		keySecurity: {Type: "http", Scheme: "bearer", BearerFormat: "bsk_{mode}_{key id}_{secret}_{crc32}"},
	}
}

func (o op) security() []map[string][]string {
	if o.Public {
		return []map[string][]string{}
	}
	return []map[string][]string{{keySecurity: {}}}
}

// headers documents what the gates read, which no handler's input mentions.
func (o op) headers() []*huma.Param {
	params := []*huma.Param{{Name: "X-Request-Id", In: "header", Description: "Echoed if it is 1 to 64 of A-Z, a-z, 0-9, _ and -; any other is replaced.",
		Schema: &huma.Schema{Type: huma.TypeString}}}
	if !o.Public {
		params = append(params, headerParam("X-Realm-Id", true, 1, 64, "Code or id of the key's realm."))
	}
	if o.Idempotent {
		params = append(params, headerParam("Idempotency-Key", true, 1, maxKeyLen,
			"The same key with the same request gives the same answer, and one effect."))
	}
	if o.Ends.Status != 0 {
		params = append(params, headerParam("Prefer", false, 0, maxPreference,
			"wait=N: answer once the work has come to its end, or with 202 after N seconds (20 at most)."))
	}
	return params
}

func headerParam(name string, required bool, shortest, longest int, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Required: required, Description: doc,
		Schema: &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest}}
}

// OpenAPI is the document as served and as checked in: indented, with keys in one order.
func (r *Router) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(r.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	onlyStandard(doc)
	// A build's version is not a change of the contract.
	if info, ok := doc["info"].(map[string]any); ok {
		info["version"] = strconv.Itoa(contractMajor)
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	return append(out, '\n'), err
}

// onlyStandard removes huma's own keyword, which OpenAPI does not know and generators refuse.
func onlyStandard(v any) {
	switch t := v.(type) {
	case map[string]any:
		delete(t, "patternDescription")
		for _, inner := range t {
			onlyStandard(inner)
		}
	case []any:
		for _, inner := range t {
			onlyStandard(inner)
		}
	}
}

// contractMajor is the number in the paths.
const contractMajor = 1
