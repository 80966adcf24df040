package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/durabill/durabill/fault"
)

var (
	errMediaType   = fault.New(fault.Invalid, "unsupported_media_type", "Send the body as application/json in UTF-8, not encoded.")
	errBodyTimeout = fault.New(fault.Unavailable, "request_timeout", "The body did not arrive in time.")
	errNoBody      = fault.New(fault.Invalid, "malformed_json", "A JSON body is required.")
	errSpareBody   = fault.New(fault.Invalid, "validation_failed", "This operation takes no body.")
)

// strictBody reads the whole body under its bound, and lets only one well-formed JSON document through. Everything
// encoding/json and huma would forgive (duplicate keys, bad UTF-8, trailing data, NUL) is refused here, before huma
// decodes. Raw operations keep their bytes and are only measured.
func strictBody(ctx huma.Context, next func(huma.Context)) {
	c, o := humagin.Unwrap(ctx), opOf(ctx)
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodDelete {
		next(ctx)
		return
	}
	body, err := readBody(c, o.bodyCap())
	switch {
	case err != nil:
	case !o.Raw:
		err = checkBody(c.Request, body, ctx.Operation().RequestBody != nil, o.Nullable)
	case len(body) == 0:
		err = errNoBody
	}
	if err != nil {
		if o.Unread != nil {
			err = o.Unread(ctx.Context(), err)
		}
		stop(ctx, err)
		return
	}
	requestOf(ctx.Context()).body = body
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	next(ctx)
}

func readBody(c *gin.Context, limit int64) ([]byte, error) {
	if c.Request.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errBodyTimeout.Because(err)
	case err != nil:
		return nil, fault.New(fault.Invalid, "malformed_json", "The body broke off.").Because(err)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "body_too_large", "The body is larger than %d bytes.", limit)
}

func checkBody(r *http.Request, body []byte, expected bool, nullable []string) error {
	if len(body) == 0 {
		if expected {
			return errNoBody
		}
		return nil
	}
	if !isJSON(r.Header) {
		return errMediaType
	}
	if err := strictJSON(body, nullable...); err != nil {
		return err
	}
	if !expected && string(bytes.Join(bytes.Fields(body), nil)) != "{}" {
		return errSpareBody
	}
	return nil
}

// isJSON takes application/json only, so that a browser form can never reach a handler.
func isJSON(h http.Header) bool {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return false
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || (kind != "application/json" && kind != "application/merge-patch+json") {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}
