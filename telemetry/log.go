package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

const traceField = "trace_id"

// sdkFields are the Temporal SDK's names for what our own lines call otherwise.
var sdkFields = map[string]string{"WorkflowID": "workflow_id", "RunID": "run_id", "WorkflowType": "workflow_type",
	"ActivityType": "activity_type", "ActivityID": "activity_id", "Attempt": "attempt", "Namespace": "namespace",
	"TaskQueue": "task_queue", "WorkerID": "worker_id", "Error": "error", "SignalName": "signal"}

// Logged gives each line the trace it was written in, and the Temporal SDK's fields our names.
func Logged(next slog.Handler) slog.Handler { return handler{next} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(renamed(a))
		return true
	})
	if span.IsValid() {
		out.AddAttrs(slog.String(traceField, span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, out)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = renamed(a)
	}
	return handler{h.Handler.WithAttrs(out)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

func renamed(a slog.Attr) slog.Attr {
	if name, ok := sdkFields[a.Key]; ok {
		a.Key = name
	}
	return a
}
