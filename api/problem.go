package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/durabill/durabill/fault"
)

const problemType = "application/problem+json"

// Problem is every error of the API on the wire (RFC 9457). Clients switch on Code.
type Problem struct {
	Type      string  `json:"type" doc:"A URI that names the code."`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail" doc:"For people; may change."`
	Instance  string  `json:"instance" doc:"A URI that names this occurrence."`
	Code      string  `json:"code" doc:"Stable; an open enum."`
	RequestID string  `json:"request_id"`
	Retryable bool    `json:"retryable" doc:"The same request may succeed later."`
	Errors    []Field `json:"errors" doc:"One entry for each wrong place of the request."`
	Hints     []Hint  `json:"hints" doc:"What would help, in the families of the runtime API."`
}

// Field is one wrong place.
type Field struct {
	Pointer string `json:"pointer" doc:"RFC 6901 pointer into the body; ?name for a query parameter, @name for a header, {name} for a part of the path."`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Hint tells a caller what stands in the way, in a form a program can use.
type Hint struct {
	Type   string            `json:"type" example:"funding.shortfall"`
	Detail string            `json:"detail"`
	Data   map[string]string `json:"data,omitempty"`
}

// Error makes a Problem an error for huma; it holds nothing that the caller may not see.
func (p *Problem) Error() string { return p.Code }

// GetStatus is huma's way to ask for the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is huma's way to ask for the media type.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders is huma's way to ask for headers that go with an error.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if after := retryAfter(p); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="durabill"`)
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body was not read
	}
	return h
}

// hinted carries hints beside an error.
type hinted struct {
	error
	hints []Hint
}

func (h *hinted) Unwrap() error { return h.error }

// withHints attaches hints to the problem that err will become.
func withHints(err error, hints ...Hint) error { return &hinted{error: err, hints: hints} }

// problemOf is the one translation from an error to what the caller sees.
func problemOf(ctx context.Context, err error) *Problem {
	var done *Problem
	if errors.As(err, &done) {
		return done
	}
	f := fault.Of(err)
	if f.Kind == fault.Internal && errors.Is(err, context.DeadlineExceeded) {
		f = fault.New(fault.Unavailable, "timeout", "This took too long; the outcome is unknown. "+ambiguous).Because(err)
	}
	if f.Kind == fault.Internal {
		f = fault.New(fault.Internal, "internal", "Something went wrong on our side. "+ambiguous).Because(err)
	}
	r, status := requestOf(ctx), statusOf(f)
	r.code = f.Code
	p := &Problem{
		Type: "urn:durabill:problem:" + f.Code, Title: http.StatusText(status), Status: status, Detail: f.Detail,
		Instance: "urn:durabill:request:" + r.id, Code: f.Code, RequestID: r.id, Retryable: retryable[f.Code],
		Errors: make([]Field, 0, len(f.Fields)), Hints: []Hint{},
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, Field(field))
	}
	var h *hinted
	if errors.As(err, &h) {
		p.Hints = append(p.Hints, h.hints...)
	}
	if status >= http.StatusInternalServerError {
		logFailure(ctx, f)
	}
	return p
}

const ambiguous = "Send the same request again with the same Idempotency-Key or If-Match."

// logFailure keeps the cause for the operator; the caller never sees it.
func logFailure(ctx context.Context, f *fault.Fault) {
	r := requestOf(ctx)
	r.log.LogAttrs(ctx, slog.LevelError, "request failed",
		slog.String("route", r.route), slog.String("code", f.Code), slog.Any("cause", f.Unwrap()))
}

// stop answers a request at a gate.
func stop(ctx huma.Context, err error) { refuse(humagin.Unwrap(ctx), err) }
