// Package telemetry wires OpenTelemetry to the libraries that make spans and metrics: gin, pgx and the Temporal SDK. The
// exporter comes from the OTEL_ variables of the environment; without them nothing is traced and nothing is wrapped. It owns
// no metric and no decision of its own, and it never puts a value of a statement, a body or a header into a span.
package telemetry

import (
	"context"
	"errors"
	"fmt"

	"github.com/exaring/otelpgx"
	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	promexport "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

const scope = "github.com/durabill/durabill"

// Telemetry is what one process records.
type Telemetry struct {
	spans  *trace.TracerProvider // nil when nothing is traced
	meters *metric.MeterProvider
}

// Open reads the environment. Metrics of the Temporal SDK go to registry, beside those of the process itself.
func Open(ctx context.Context, version string, registry *prometheus.Registry) (*Telemetry, error) {
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("durabill"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	page, err := promexport.New(promexport.WithRegisterer(registry), promexport.WithoutScopeInfo(), promexport.WithoutTargetInfo())
	if err != nil {
		return nil, err
	}
	options := []metric.Option{metric.WithResource(about), metric.WithReader(page)}
	pushed, err := autoexport.NewMetricReader(ctx, autoexport.WithFallbackMetricReader(func(context.Context) (metric.Reader, error) {
		return metric.NewManualReader(), nil
	}))
	if err != nil {
		return nil, fmt.Errorf("OTEL_METRICS_EXPORTER: %w", err)
	}
	t := &Telemetry{meters: metric.NewMeterProvider(append(options, metric.WithReader(pushed))...)}
	if t.spans, err = spans(ctx, about); err != nil {
		return nil, errors.Join(err, t.meters.Shutdown(ctx))
	}
	return t, nil
}

func spans(ctx context.Context, about *resource.Resource) (*trace.TracerProvider, error) {
	off := false
	exporter, err := autoexport.NewSpanExporter(ctx, autoexport.WithFallbackSpanExporter(func(context.Context) (trace.SpanExporter, error) {
		off = true
		return nil, nil //nolint:nilnil // nobody asked for one
	}))
	if err != nil {
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER: %w", err)
	}
	if off || autoexport.IsNoneSpanExporter(exporter) {
		return nil, nil //nolint:nilnil // tracing is off
	}
	return trace.NewTracerProvider(trace.WithResource(about), trace.WithBatcher(exporter), trace.WithIDGenerator(ids{})), nil
}

// Close sends what is still held.
func (t *Telemetry) Close(ctx context.Context) error {
	err := t.meters.Shutdown(ctx)
	if t.spans != nil {
		err = errors.Join(err, t.spans.Shutdown(ctx))
	}
	return err
}

// HTTP gives each request a span; nil when nothing is traced. Probes come every few seconds and tell nobody anything.
func (t *Telemetry) HTTP() gin.HandlerFunc {
	if t.spans == nil {
		return nil
	}
	return otelgin.Middleware("durabill", otelgin.WithTracerProvider(t.spans), otelgin.WithMeterProvider(noop.NewMeterProvider()),
		otelgin.WithPropagators(propagation.TraceContext{}), otelgin.WithGinFilter(func(c *gin.Context) bool {
			return c.FullPath() != "/healthz" && c.FullPath() != "/readyz"
		}))
}

// SQL gives each statement inside a recorded span one of its own, with the text and without the values; nil when nothing is
// traced. Pollers run in no span, so they leave none.
func (t *Telemetry) SQL() pgx.QueryTracer {
	if t.spans == nil {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(t.spans), otelpgx.WithMeterProvider(noop.NewMeterProvider()),
		otelpgx.WithDisableAcquireTracer(), otelpgx.WithDisableConnectionDetailsInAttributes())
}
