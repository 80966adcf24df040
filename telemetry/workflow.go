package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
)

// run is what tracing knows of one workflow run; now is the span that what it does next belongs to.
type run struct {
	tracer trace.Tracer
	info   *workflow.Info
	now    trace.SpanContext
	marks  int
}

// mark notes that something reached the run, as a span of the sender's trace.
func (r *run) mark(ctx workflow.Context, name string, at time.Time) {
	from := received(ctx)
	if r.marks > 0 && !from.IsValid() {
		return
	}
	parent := choose(context.Background(), r.info.WorkflowExecution.RunID, r.marks)
	r.marks++
	_, span := r.tracer.Start(trace.ContextWithRemoteSpanContext(parent, from), name, trace.WithTimestamp(at),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("temporalWorkflowID", r.info.WorkflowExecution.ID), attribute.String("temporalRunID", r.info.WorkflowExecution.RunID)))
	// A span that is never ended is never exported.
	if !workflow.IsReplaying(ctx) {
		span.End()
	}
	r.now = span.SpanContext()
}

func received(ctx workflow.Context) trace.SpanContext {
	payload, ok := interceptor.WorkflowHeader(ctx)[headerKey]
	if !ok {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{}
	// A header that another SDK wrote in some other way is as good as none.
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &carrier); err != nil {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	run *run
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{run: i.run}
	out.Next = next
	return i.Next.Init(out)
}

func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	i.run.mark(ctx, "RunWorkflow:"+i.run.info.WorkflowType.Name, i.run.info.WorkflowStartTime)
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (i *inbound) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	// The signal that came with the start is part of it.
	if i.run.marks > 0 {
		i.run.mark(ctx, "HandleSignal:"+in.SignalName, time.Now())
	}
	return i.Next.HandleSignal(ctx, in)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	run *run
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if o.run.now.IsValid() && !workflow.IsReplaying(ctx) {
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), o.run.now), carrier)
		payload, err := converter.GetDefaultDataConverter().ToPayload(map[string]string(carrier))
		if err == nil { // a map of two strings; an activity without a trace is better than none
			interceptor.WorkflowHeader(ctx)[headerKey] = payload
		}
	}
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *outbound) GetLogger(ctx workflow.Context) log.Logger {
	l := o.Next.GetLogger(ctx)
	if o.run.now.IsValid() {
		return log.With(l, traceField, o.run.now.TraceID().String())
	}
	return l
}
