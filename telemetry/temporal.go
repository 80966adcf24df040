package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
)

// headerKey is where every Temporal SDK keeps the span that a message comes from.
const headerKey = "_tracer-data"

// Temporal makes a client, and the workers on it, report metrics and carry traces. Workflow types named endless are left out
// of tracing: their runs follow one another for ever and belong to nobody's request.
func (t *Telemetry) Temporal(options *client.Options, endless ...string) error {
	options.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: t.meters.Meter(scope)})
	if t.spans == nil {
		return nil
	}
	tracer := t.spans.Tracer(scope)
	sdk, err := opentelemetry.NewTracer(opentelemetry.TracerOptions{Tracer: tracer, TextMapPropagator: propagation.TraceContext{},
		DisableBaggage: true, HeaderKey: headerKey, AllowInvalidParentSpans: true, SpanStarter: onlyInside})
	if err != nil {
		return fmt.Errorf("temporal tracing: %w", err)
	}
	traced := &tracing{Interceptor: interceptor.NewTracingInterceptor(named{sdk}), tracer: tracer, endless: map[string]bool{}}
	for _, name := range endless {
		traced.endless[name] = true
	}
	options.Interceptors = append(options.Interceptors, traced)
	return nil
}

// onlyInside starts no trace of its own: what nobody asked for, such as a poll, is not worth a span.
func onlyInside(ctx context.Context, t trace.Tracer, name string, opts ...trace.SpanStartOption) trace.Span {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return trace.SpanFromContext(ctx)
	}
	_, span := t.Start(ctx, name, opts...)
	return span
}

// named gives log lines of activities the field that all others have.
type named struct{ interceptor.Tracer }

func (named) GetLogger(l log.Logger, ref interceptor.TracerSpanRef) log.Logger {
	if span, ok := ref.(trace.Span); ok && span.SpanContext().IsValid() {
		return log.With(l, traceField, span.SpanContext().TraceID().String())
	}
	return l
}

// tracing is the SDK's interceptor for clients and activities, and our own for workflows, because a run may last for months:
// its span marks where it begins and is exported at once; a replay gives the same span again and exports nothing; what
// follows from a signal belongs to the trace of whoever sent it; and the next run begins a trace of its own.
type tracing struct {
	interceptor.Interceptor
	tracer  trace.Tracer
	endless map[string]bool
}

// InterceptWorkflow is asked once per run, and again with every replay.
func (t *tracing) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	info := workflow.GetInfo(ctx)
	if t.endless[info.WorkflowType.Name] {
		return next
	}
	r := &run{tracer: t.tracer, info: info}
	in := &inbound{run: r}
	in.Next = next
	return in
}
