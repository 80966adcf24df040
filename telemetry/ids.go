package telemetry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strconv"

	"go.opentelemetry.io/otel/trace"
)

// ids are random, except where a workflow needs the ones it had before it was replayed.
type ids struct{}

type chosenKey struct{}

type chosen struct {
	trace trace.TraceID
	span  trace.SpanID
}

// choose makes the next span of ctx the n-th of a workflow run: the same on every replay, on every worker.
func choose(ctx context.Context, run string, n int) context.Context {
	root, own := sha256.Sum256([]byte(run)), sha256.Sum256([]byte(run+"/"+strconv.Itoa(n)))
	var c chosen
	copy(c.trace[:], root[:])
	copy(c.span[:], own[:])
	return context.WithValue(ctx, chosenKey{}, c)
}

func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if c, ok := ctx.Value(chosenKey{}).(chosen); ok {
		return c.trace, c.span
	}
	var c chosen
	_, _ = rand.Read(c.trace[:]) // never fails: it ends the process instead
	_, _ = rand.Read(c.span[:])
	return c.trace, c.span
}

func (g ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	_, span := g.NewIDs(ctx)
	return span
}
