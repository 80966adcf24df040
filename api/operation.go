package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/fault"
)

const defaultMaxBody = 1 << 20

// op declares one operation. What it says is both enforced by the gates and written into the OpenAPI document, so
// the two cannot differ.
type op struct {
	ID          string // operationId, camelCase; also the idempotency scope
	Path        string
	Summary     string
	Description string
	Tag         string
	Scope       string   // one of scopes; empty only with Public
	Status      int      // of success; 200 if zero
	Also        int      // another status of success, with the same body; none if zero
	Ends        outcome  // with Prefer: wait; none if zero
	Idempotent  bool     // a POST that writes: Idempotency-Key is required
	Pure        bool     // a POST that writes nothing: preview, compute, check
	OwnKey      bool     // a POST whose effect is keyed by its own row or state, with no Idempotency-Key
	Public      bool     // no service key: webhooks, which carry their own signature
	Live        bool     // a read that shows more than its version counts: never answered with 304
	Raw         bool     // the body's bytes reach the handler untouched (input field RawBody)
	Nullable    []string // names of the fields of the body that may be null; none if empty
	Workflow    string   // workflow id pattern, if the operation leads to one
	MaxBody     int64    // bytes; 1 MiB if zero
	Example     any      // a body that is answered with success, for the document
	// Unread is told why a body was refused before the handler could see it, and says what the sender is told; nil tells the reason.
	Unread func(context.Context, error) error

	method string
}

const metaOp = "op"

// opOf gives the declaration behind a huma context.
func opOf(ctx huma.Context) op {
	o, _ := ctx.Operation().Metadata[metaOp].(op)
	return o
}

type handler[I, O any] func(context.Context, *I) (*O, error)

func get[I, O any](a huma.API, o op, h handler[I, O])   { add(a, http.MethodGet, o, h) }
func post[I, O any](a huma.API, o op, h handler[I, O])  { add(a, http.MethodPost, o, h) }
func put[I, O any](a huma.API, o op, h handler[I, O])   { add(a, http.MethodPut, o, h) }
func patch[I, O any](a huma.API, o op, h handler[I, O]) { add(a, http.MethodPatch, o, h) }
func del[I, O any](a huma.API, o op, h handler[I, O])   { add(a, http.MethodDelete, o, h) }

// add registers an operation. Handlers return plain errors and faults; this is the one place that turns them into
// problems.
func add[I, O any](a huma.API, method string, o op, h handler[I, O]) {
	o.method = method
	if err := o.check(); err != nil {
		panic(err) // a wrong declaration is found by the first test that builds the router
	}
	huma.Register(a, o.huma(), func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		if one, ok := any(out).(tagged); ok && o.conditional() && noneMatch(requestOf(ctx).noneMatch, one.tag()) {
			return nil, notModified(one.tag())
		}
		if o.idempotency() != "read-only" {
			fault.Point(fault.PointUnanswered)
		}
		return out, nil
	})
	if _, ok := any(new(O)).(tagged); ok && o.conditional() {
		a.OpenAPI().Paths[o.Path].Get.Responses["304"] = &huma.Response{Description: "You have this version: If-None-Match names its ETag."}
	}
	if o.Ends.Status != 0 {
		o.Ends.document(a, a.OpenAPI().Paths[o.Path].Post.Responses)
	}
	if o.Example != nil {
		a.OpenAPI().Paths[o.Path].Post.RequestBody.Content["application/json"].Example = o.Example
	}
	if o.Also != 0 {
		responses := a.OpenAPI().Paths[o.Path].Post.Responses
		responses[strconv.Itoa(o.Also)] = responses[strconv.Itoa(cmp.Or(o.Status, http.StatusOK))]
	}
}

// conditional says whether If-None-Match counts.
func (o op) conditional() bool { return o.method == http.MethodGet && !o.Live }

// writes counts how the operation says that a repeat of it is harmless.
func (o op) writes() int {
	n := 0
	for _, declared := range []bool{o.Idempotent, o.Pure, o.OwnKey} {
		if declared {
			n++
		}
	}
	return n
}

func (o op) check() error {
	switch {
	case o.ID == "" || o.Path == "" || o.Summary == "":
		return fmt.Errorf("operation %q %q: ID, Path and Summary are required", o.ID, o.Path)
	case o.Public != (o.Scope == ""):
		return fmt.Errorf("operation %s: has a scope or is public", o.ID)
	case o.Scope != "" && !slices.Contains(Scopes(), o.Scope):
		return fmt.Errorf("operation %s: unknown scope %q", o.ID, o.Scope)
	case o.method == http.MethodPost && o.writes() != 1:
		return fmt.Errorf("operation %s: a POST is exactly one of Idempotent, Pure and OwnKey", o.ID)
	case o.Ends.Status != 0 && (o.Status != http.StatusAccepted || !o.Idempotent):
		return fmt.Errorf("operation %s: only what answers 202 under a key can be waited for", o.ID)
	case o.method != http.MethodPost && o.Also+o.writes() != 0:
		return fmt.Errorf("operation %s: only a POST is Idempotent, Pure or OwnKey, or has two statuses of success", o.ID)
	}
	return nil
}

func (o op) bodyCap() int64 {
	if o.MaxBody > 0 {
		return o.MaxBody
	}
	return defaultMaxBody
}

func (o op) huma() huma.Operation {
	out := huma.Operation{
		OperationID: o.ID, Method: o.method, Path: o.Path, Summary: o.Summary, Description: o.Description,
		DefaultStatus: o.Status, SkipValidateBody: o.Raw,
		// strictBody has read and measured the body by then; huma also calls a body of exactly its bound too large.
		MaxBodyBytes: o.bodyCap() + 1,
		Metadata:     map[string]any{metaOp: o},
		Extensions:   map[string]any{"x-idempotency": o.idempotency()},
	}
	if o.Tag != "" {
		out.Tags = []string{o.Tag}
	}
	if o.Scope != "" {
		out.Extensions["x-scope"] = o.Scope
	}
	if o.Workflow != "" {
		out.Extensions["x-workflow"] = o.Workflow
	}
	out.Security, out.Parameters = o.security(), o.headers()
	return out
}

func (o op) idempotency() string {
	switch {
	case o.Idempotent:
		return "key-required"
	case o.OwnKey:
		return "own-key"
	case o.Pure, o.method == http.MethodGet:
		return "read-only"
	default:
		return "by-design"
	}
}
