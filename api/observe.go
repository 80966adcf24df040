package api

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// observe logs and measures each call. It writes the route's template and never a path, query, header or body:
// those may hold names, keys and amounts.
func observe(log *slog.Logger, registry *prometheus.Registry) gin.HandlerFunc {
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "durabill_http_request_duration_seconds",
		Help:    "Time to answer, by method, route template and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .075, .1, .15, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"method", "route", "status"})
	registry.MustRegister(latency)
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		took, status, route := time.Since(start), c.Writer.Status(), c.FullPath()
		if route == "" {
			route = "none" // an unknown path must not become a label
		}
		latency.WithLabelValues(knownMethod(c.Request.Method), route, strconv.Itoa(status)).Observe(took.Seconds())
		r := requestOf(c.Request.Context())
		attrs := []slog.Attr{
			slog.String("method", knownMethod(c.Request.Method)), slog.String("route", route), slog.Int("status", status),
			slog.Duration("duration", took), slog.String("request_id", r.id),
		}
		if r.principal != nil {
			attrs = append(attrs, slog.String("realm", r.principal.RealmCode), slog.String("key_id", r.principal.KeyID.String()))
		}
		if r.code != "" {
			attrs = append(attrs, slog.String("code", r.code))
		}
		log.LogAttrs(c.Request.Context(), levelOf(route, status), "request", attrs...)
	}
}

// levelOf keeps probes, which come every few seconds, out of the ordinary log.
func levelOf(route string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case route == "/healthz" || route == "/readyz":
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// Metrics serves the registry; it belongs on a port that the outside cannot reach.
func (r *Router) Metrics() http.Handler {
	return promhttp.HandlerFor(r.metrics, promhttp.HandlerOpts{Registry: r.metrics})
}
