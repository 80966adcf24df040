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
			stop(ctx, fault.New(fault.Invalid, "invalid_id", "The path holds no valid id."))
			return
		}
	}
	for name, values := range query {
		if !storable(name) || !storable(strings.Join(values, "")) {
			stop(ctx, fault.New(fault.Invalid, "unknown_parameter", "The query holds text that is not valid UTF-8 or has a NUL."))
			return
		}
	}
	for _, values := range c.Request.Header {
		if !storable(strings.Join(values, "")) {
			stop(ctx, fault.New(fault.Invalid, "invalid_header", "A header is not valid UTF-8."))
			return
		}
	}
	next(ctx)
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
