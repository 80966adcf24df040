package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadinessNamesWhatFailsAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	r := assemble(withDefaults(Deps{Ready: []Check{
		{Name: "database", Func: func(context.Context) error { return nil }},
		{Name: "temporal", Func: func(context.Context) error { return errors.New("dial tcp 10.0.0.1: secret") }},
	}}))
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	require.Equal(t, http.StatusServiceUnavailable, rec.Code)
	require.JSONEq(t, `{"status":"not_ready","checks":[{"name":"database","ok":true},{"name":"temporal","ok":false}]}`, rec.Body.String())
	rec = httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	require.Equal(t, http.StatusOK, rec.Code)
}

func TestProbesAloneAnswerNothingElse(t *testing.T) {
	t.Parallel()
	failing := errors.New("dial tcp 10.0.0.1: secret")
	for status, cause := range map[int]error{http.StatusOK: nil, http.StatusServiceUnavailable: failing} {
		probes := Probes(Deps{Ready: []Check{{Name: "database", Func: func(context.Context) error { return cause }}}})
		for path, want := range map[string]int{"/readyz": status, "/healthz": http.StatusOK, "/mgt/v1/meters": http.StatusNotFound} {
			rec := httptest.NewRecorder()
			probes.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			require.Equal(t, want, rec.Code, path)
			require.NotContains(t, rec.Body.String(), "secret")
		}
	}
}

func TestMetricsAreByRouteTemplateAndNeverByPath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, 200, b.call(http.MethodGet, "/readyz", "").Code)
	b.call(http.MethodGet, "/mgt/v1/widgets/prd_01h455vb4pex5vsknk084sn02q", "")
	b.call("BREW", "/mgt/v1/nowhere", "")
	rec := httptest.NewRecorder()
	b.router.Metrics().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Contains(t, rec.Body.String(), `route="/mgt/v1/widgets/:id"`)
	require.Contains(t, rec.Body.String(), `method="other",route="none",status="404"`)
	require.NotContains(t, rec.Body.String(), "prd_")
	require.NotContains(t, rec.Body.String(), "nowhere")
}
