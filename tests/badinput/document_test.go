package badinput

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/contract"
)

// document is the contract, read by a validator that shares nothing with the one the API uses.
type document struct {
	operations []operation
	router     routers.Router
}

type operation struct {
	ID           string
	Method, Path string
	Params       []*openapi3.Parameter
	Body         *openapi3.Schema // of JSON; nil where there is none
	Raw          bool             // takes bytes and not JSON
	Public       bool             // without a service key
	Keyed        bool             // needs an Idempotency-Key
	Reads        bool
}

func newDocument(t *testing.T, raw []byte) *document {
	t.Helper()
	doc, err := contract.Load(raw)
	require.NoError(t, err)
	d := &document{}
	d.router, err = legacy.NewRouter(doc)
	require.NoError(t, err)
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			d.operations = append(d.operations, newOperation(method, path, o))
		}
	}
	slices.SortFunc(d.operations, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	return d
}

func newOperation(method, path string, o *openapi3.Operation) operation {
	out := operation{ID: o.OperationID, Method: method, Path: path, Public: o.Security != nil && len(*o.Security) == 0,
		Keyed: o.Extensions["x-idempotency"] == "key-required", Reads: o.Extensions["x-idempotency"] == "read-only"}
	for _, p := range o.Parameters {
		out.Params = append(out.Params, p.Value)
	}
	if o.RequestBody != nil {
		content := o.RequestBody.Value.Content
		if json := content["application/json"]; json != nil {
			out.Body = json.Schema.Value
		} else {
			out.Raw = true
		}
	}
	return out
}

// fits says whether the document allows the request.
func (d *document) fits(req *http.Request, body []byte) bool {
	seen := req.Clone(req.Context())
	seen.Body = io.NopCloser(bytes.NewReader(body))
	seen.URL.Scheme, seen.URL.Host = "", ""
	route, params, err := d.router.FindRoute(seen)
	if err != nil {
		return false
	}
	in := &openapi3filter.RequestValidationInput{Request: seen, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	return openapi3filter.ValidateRequest(context.Background(), in) == nil
}

// has says whether a pointer of an answer names a place of the operation's own request.
func (o operation) has(pointer string) bool {
	if pointer == "" {
		return o.Method != "GET"
	}
	name := pointer[1:]
	switch pointer[0] {
	case '?':
		return o.param("query", name) != nil
	case '@':
		return o.param("header", name) != nil
	case '{':
		return o.param("path", strings.TrimSuffix(name, "}")) != nil
	case '/':
		return o.Body != nil && within(o.Body, strings.Split(name, "/"))
	}
	return false
}

func (o operation) param(in, name string) *openapi3.Parameter {
	for _, p := range o.Params {
		if p.In == in && strings.EqualFold(p.Name, name) {
			return p
		}
	}
	return nil
}

func within(s *openapi3.Schema, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch {
	case s.Properties[path[0]] != nil:
		return within(s.Properties[path[0]].Value, path[1:])
	case s.Items != nil && strings.Trim(path[0], "0123456789") == "":
		return within(s.Items.Value, path[1:])
	case s.AdditionalProperties.Schema != nil:
		return within(s.AdditionalProperties.Schema.Value, path[1:])
	}
	return false
}
