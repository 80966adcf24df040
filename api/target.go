package api

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/durabill/durabill/fault"
)

// cleanTarget refuses text in path, query and headers that no database column can hold, and a query that net/url
// would silently drop a part of: a filter that vanishes lists everything.
func cleanTarget(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		stop(ctx, fault.New(fault.Invalid, "unknown_parameter", "The query is not well formed.").Because(err))
		return
	}
	for _, p := range c.Params {
		if !storable(p.Value) {
			f := fault.New(fault.Invalid, "invalid_id", "The path holds no valid id.")
			f.Fields = []fault.Field{{Pointer: "{" + p.Key + "}", Code: "bad_format", Detail: "Text that is not valid UTF-8 or has a NUL."}}
			stop(ctx, f)
			return
		}
	}
	for name, values := range query {
		if err := cleanParameter(name, values); err != nil {
			stop(ctx, err)
			return
		}
	}
	for name, values := range c.Request.Header {
		if !storable(strings.Join(values, "")) {
			f := fault.New(fault.Invalid, "invalid_header", "A header is not valid UTF-8.")
			f.Fields = []fault.Field{{Pointer: bounded("@" + name), Code: "bad_format", Detail: f.Detail}}
			stop(ctx, f)
			return
		}
	}
	next(ctx)
}

// cleanParameter wants one value for each name. An empty one is mostly a caller's variable that was not set, and as a filter it
// would list everything; of two, one would be dropped without a word.
func cleanParameter(name string, values []string) error {
	at := func(code, fieldCode, detail string) error {
		f := fault.New(fault.Invalid, code, "%s", detail)
		f.Fields = []fault.Field{{Pointer: bounded("?" + strings.ToValidUTF8(name, "\uFFFD")), Code: fieldCode, Detail: detail}}
		return f
	}
	switch {
	case !storable(name):
		return at("unknown_parameter", "unknown_field", "The query holds text that is not valid UTF-8 or has a NUL.")
	case name == "":
		return at("unknown_parameter", "unknown_field", "A query parameter has no name.")
	case len(values) > 1:
		return at("validation_failed", "duplicate_key", "The query parameter is there twice.")
	case values[0] == "":
		return at("validation_failed", "required", "The query parameter has no value; leave it out.")
	case !storable(values[0]):
		return at("unknown_parameter", "bad_format", "The query parameter is not valid UTF-8 or has a NUL.")
	}
	return nil
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
