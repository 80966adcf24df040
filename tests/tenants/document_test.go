package tenants_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
)

// route is one operation as the document describes it, with the fields that hold an id or what opens an object.
type route struct {
	ID, Method, Path, Scope, Idempotency string
	IDs                                  []string // "path id", "query invoice_id", "body /meter_ids/*"
}

func (r route) name() string { return r.Method + " " + r.Path }

// idName tells fields that name an object from others. A principal is the caller's own id of an account; a lease's token is
// the only name of a lease that may be committed.
var idName = regexp.MustCompile(`(?i)(^|[_-])ids?$|_token$`)

// computed is where bodies name nothing of a realm: an id in them is the caller's, of something in the same body.
const computed = "/mgt/v1/compute/"

// noID are fields that idName takes for an id.
var noID = map[string]string{
	"header X-Realm-Id":   "every call carries it; another realm's is refused in a test of its own",
	"header X-Request-Id": "the caller's name of the request",
	"query principal_id of GET /mgt/v1/billing-accounts": "a search by the caller's own key, to see whether the account is there: an empty list says no",
}

type schema struct {
	Ref                  string            `json:"$ref"`
	Properties           map[string]schema `json:"properties"`
	Items                *schema           `json:"items"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
}

type document struct {
	Paths map[string]map[string]struct {
		ID          string `json:"operationId"`
		Scope       string `json:"x-scope"`
		Idempotency string `json:"x-idempotency"`
		Parameters  []struct{ In, Name string }
		RequestBody struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
	}
	Components struct{ Schemas map[string]schema }
}

// routes lists every operation of the document that the router makes.
func routes(t *testing.T) []route {
	t.Helper()
	raw, err := api.New(api.Deps{}).OpenAPI()
	require.NoError(t, err)
	var doc document
	require.NoError(t, json.Unmarshal(raw, &doc))
	var all []route
	for path, methods := range doc.Paths {
		for method, o := range methods {
			r := route{ID: o.ID, Method: strings.ToUpper(method), Path: path, Scope: o.Scope, Idempotency: o.Idempotency}
			for _, p := range o.Parameters {
				r.add(p.In+" "+p.Name, p.Name)
			}
			for _, content := range o.RequestBody.Content {
				if !strings.HasPrefix(path, computed) {
					doc.walk(content.Schema, "", "", func(pointer, name string) { r.add("body "+pointer, name) })
				}
			}
			slices.Sort(r.IDs)
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.name(), b.name()) })
	require.Greater(t, len(all), 80)
	return all
}

func (r *route) add(field, name string) {
	if idName.MatchString(name) && noID[field] == "" && noID[field+" of "+r.name()] == "" {
		r.IDs = append(r.IDs, field)
	}
}

// walk visits every scalar of a schema; a list's items are at "/*" and are named after the list.
func (d document) walk(s schema, pointer, name string, visit func(pointer, name string)) {
	if s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	for property, inner := range s.Properties {
		d.walk(inner, pointer+"/"+property, property, visit)
	}
	if s.Items != nil {
		d.walk(*s.Items, pointer+"/*", name, visit)
	}
	if len(s.Properties) == 0 && s.Items == nil && pointer != "" {
		visit(pointer, name)
	}
}
