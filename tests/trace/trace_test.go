package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/worker"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/tests/harness/system"
)

const (
	soon  = 30 * time.Second
	pause = 50 * time.Millisecond
)

// traced is the whole system with its spans in memory, chosen as an operator chooses an exporter.
type traced struct {
	*system.Running
	t     *testing.T
	spans *tracetest.InMemoryExporter
}

var memory = tracetest.NewInMemoryExporter()

func init() { //nolint:gochecknoinits // a name may be registered once per process
	// Without a cache every workflow task replays its run from the start, which must not show in a trace.
	worker.SetStickyWorkflowCacheSize(0)
	autoexport.RegisterSpanExporter("memory", func(context.Context) (trace.SpanExporter, error) { return memory, nil })
}

func start(t *testing.T) *traced {
	t.Helper()
	t.Setenv("OTEL_TRACES_EXPORTER", "memory")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	memory.Reset()
	return &traced{Running: system.Start(t), t: t, spans: memory}
}

// post sends a request inside the given trace.
func (s *traced) post(path, key, traceparent string, body any) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Base+path, bytes.NewReader(raw))
	require.NoError(s.t, err)
	for name, value := range map[string]string{"Authorization": "Bearer " + s.Key, "X-Realm-Id": s.Realm, "Content-Type": "application/json",
		"Idempotency-Key": key, "traceparent": traceparent} {
		req.Header.Set(name, value)
	}
	res, err := s.HTTP.Do(req)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err = io.ReadAll(res.Body)
	require.NoError(s.t, err)
	require.Less(s.t, res.StatusCode, 300, string(raw))
	var out map[string]any
	require.NoError(s.t, json.Unmarshal(raw, &out))
	return out
}

func (s *traced) account(principal string) string {
	s.t.Helper()
	return s.post("/mgt/v1/billing-accounts", principal, "", map[string]any{"principal_id": principal, "name": principal})["id"].(string)
}

func (s *traced) assign(account, traceparent string) string {
	s.t.Helper()
	out := s.post("/mgt/v1/plan-assignments", "assign", traceparent, map[string]any{"billing_account_id": account,
		"plan_code": "api-starter", "source_kind": "test", "source_ref": account})
	return out["operation"].(map[string]any)["resource"].(map[string]any)["id"].(string)
}

// of gives the spans of one trace by their names.
func (s *traced) of(id string) map[string][]tracetest.SpanStub {
	out := map[string][]tracetest.SpanStub{}
	for _, span := range s.spans.GetSpans() {
		if span.SpanContext.TraceID().String() == id {
			out[span.Name] = append(out[span.Name], span)
		}
	}
	return out
}

// path names the spans from span up to the caller's, which is not ours.
func path(all map[string][]tracetest.SpanStub, span tracetest.SpanStub) []string {
	byID := map[string]tracetest.SpanStub{}
	for _, spans := range all {
		for _, s := range spans {
			byID[s.SpanContext.SpanID().String()] = s
		}
	}
	out := []string{span.Name}
	for {
		parent, ok := byID[span.Parent.SpanID().String()]
		if !ok {
			return append(out, span.Parent.SpanID().String())
		}
		out, span = append(out, parent.Name), parent
	}
}

const (
	assignTrace = "0af7651916cd43dd8448eb211c80319c"
	cancelTrace = "1bf7651916cd43dd8448eb211c80319c"
	callerSpan  = "b7ad6b7169203331"
	httpSpan    = "POST /mgt/v1/plan-assignments"
)

func traceparent(id string) string { return "00-" + id + "-" + callerSpan + "-01" }

func TestOneRequestIsOneTraceFromItsPostToTheStatementsOfItsActivities(t *testing.T) {
	s := start(t)
	account := s.account("somebody")
	id := s.assign(account, traceparent(assignTrace))
	require.Eventually(t, func() bool {
		all := s.of(assignTrace)
		return len(all["RunActivity:OpenInvoice"]) > 0 || len(all["RunWorkflow:BillingPeriod"]) > 0
	}, soon, pause)

	all := s.of(assignTrace)
	require.Equal(t, []string{httpSpan, callerSpan}, path(all, all[httpSpan][0]))
	sent := all["SignalWithStartWorkflow:PlanAssignment"]
	require.Len(t, sent, 1)
	require.Equal(t, []string{sent[0].Name, httpSpan, callerSpan}, path(all, sent[0]))
	run := all["RunWorkflow:PlanAssignment"]
	require.Len(t, run, 1)
	require.Equal(t, []string{run[0].Name, sent[0].Name, httpSpan, callerSpan}, path(all, run[0]))
	requireStatementsUnder(t, all, httpSpan)
	requireStatementsUnder(t, all, "RunActivity:EnterWait", run[0].Name, sent[0].Name, httpSpan)

	s.post("/mgt/v1/plan-assignments/"+id+"/cancel", "cancel", traceparent(cancelTrace), map[string]any{"when": "now"})
	require.Eventually(t, func() bool { return len(s.of(cancelTrace)["RunActivity:EnterWait"]) > 0 }, soon, pause,
		"what a poke makes a workflow do belongs to the request that poked it")
	for _, span := range s.spans.GetSpans() {
		for _, a := range span.Attributes {
			require.NotContains(t, a.Value.String(), "somebody", "%s of %s holds a value", a.Key, span.Name)
		}
	}
}

func TestATraceBeginsWithARequestOrARunAndPollersAreInNone(t *testing.T) {
	s := start(t)
	clock := s.post("/mgt/v1/test-clocks", "clock", "", map[string]any{"name": "c", "now": "2026-05-01T00:00:00Z"})["id"].(string)
	account := s.post("/mgt/v1/billing-accounts", "on-clock", "", map[string]any{"principal_id": "on-clock", "name": "on-clock",
		"test_clock_id": clock})["id"].(string)
	s.assign(account, traceparent(assignTrace))
	story := example.Story{Client: s.Client, ClockID: clock}
	require.NoError(t, story.Advance(t.Context(), time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)))
	// A period's turn continues as new: what follows is not the first request's any more.
	require.Eventually(t, func() bool { return len(s.roots()["RunWorkflow:PlanAssignment"]) > 0 }, soon, pause)
	require.Len(t, s.of(assignTrace)["RunWorkflow:PlanAssignment"], 1)
	for name := range s.roots() {
		require.Regexp(t, "^(GET|POST) /|^RunWorkflow:", name)
	}
	for _, span := range s.spans.GetSpans() {
		require.NotRegexp(t, "Settle|Rat(e|ing)Shard|EventRating", span.Name)
	}
}

// roots gives the spans that nobody called for.
func (s *traced) roots() map[string][]tracetest.SpanStub {
	out := map[string][]tracetest.SpanStub{}
	for _, span := range s.spans.GetSpans() {
		if !span.Parent.IsValid() {
			out[span.Name] = append(out[span.Name], span)
		}
	}
	return out
}

// requireStatementsUnder wants SQL whose way up begins with the given spans.
func requireStatementsUnder(t *testing.T, all map[string][]tracetest.SpanStub, way ...string) {
	t.Helper()
	for name, spans := range all {
		for _, span := range spans {
			for _, a := range span.Attributes {
				if a.Key == "db.query.text" && strings.HasPrefix(strings.Join(path(all, span)[1:], " < "), strings.Join(way, " < ")) {
					require.NotEmpty(t, name)
					return
				}
			}
		}
	}
	require.Fail(t, "no statement", "under %v; there are %v", way, keysOf(all))
}

func keysOf(all map[string][]tracetest.SpanStub) []string {
	var out []string
	for name := range all {
		out = append(out, name)
	}
	return out
}
