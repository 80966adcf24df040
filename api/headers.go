package api

import (
	"mime"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/durabill/durabill/fault"
)

func securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	c.Next()
}

// negotiate refuses an Accept we cannot serve before anything happens: huma would find out after the effect. It then
// removes the header, because huma's own parser panics on forms such as "a;q".
func negotiate(ctx huma.Context, next func(huma.Context)) {
	header := humagin.Unwrap(ctx).Request.Header
	accept := strings.Join(header.Values("Accept"), ",")
	header.Del("Accept")
	if !opOf(ctx).Raw && !acceptsJSON(accept) {
		stop(ctx, fault.New(fault.Invalid, "not_acceptable", "This API answers application/json."))
		return
	}
	next(ctx)
}

func acceptsJSON(accept string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for item := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(item)
		if err != nil || isZeroQuality(params["q"]) {
			continue
		}
		switch kind {
		case "*/*", "application/*", "application/json", problemType:
			return true
		}
	}
	return false
}

func isZeroQuality(q string) bool {
	return strings.HasPrefix(q, "0") && strings.Trim(q, "0.") == ""
}
