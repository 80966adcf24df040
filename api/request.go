package api

import (
	"context"
	"log/slog"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// request is what the gates learn about a call on its way in. It travels in the context as a pointer, so that the
// access log, which wraps all gates, sees what the inner ones found.
type request struct {
	id        string
	route     string
	target    string // the path as sent: the ids in it are part of what a cursor is bound to
	query     string // canonical, without limit and cursor: what a cursor is bound to
	log       *slog.Logger
	principal *Principal
	intent    *Intent
	body      []byte
	noneMatch string // If-None-Match
	wait      int    // seconds, of Prefer
	code      string // of the problem, if it ended in one
}

type requestKey struct{}

// requestOf never returns nil, so that code paths without a request (document generation) need no special case.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{log: slog.Default()}
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// beginRequest accepts the caller's request id if it is harmless in logs and headers, else makes one.
func beginRequest(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		id := c.GetHeader("X-Request-Id")
		if !requestIDForm.MatchString(id) {
			id = "req_" + uuid.NewString()
		}
		c.Header("X-Request-Id", id)
		r := &request{id: id, route: c.FullPath(), target: c.Request.URL.Path, query: boundQuery(c.Request.URL.Query()),
			noneMatch: strings.Join(c.Request.Header.Values("If-None-Match"), ", "), log: log.With("request_id", id)}
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
		c.Next()
	}
}

// logger carries the request id, realm and key; handlers add the decision and the reason.
func logger(ctx context.Context) *slog.Logger { return requestOf(ctx).log }
