package contract_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/contract"
)

const sample = `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/v1/things/{id}":{"post":{
	"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
	"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["n"],
		"additionalProperties":false,"properties":{"n":{"type":"string"}}}}}},
	"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","required":["a"],
		"properties":{"a":{"type":["string","null"]}},"additionalProperties":false}}}},
		"default":{"description":"no","content":{"application/problem+json":{"schema":{"type":"object","required":["code"]}}}}}}}}}`

type canned struct {
	status     int
	kind, body string
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(strings.NewReader(c.body))}, nil
}

// recorder is a testing.TB that notes a failure instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestTheWatchReportsAnExchangeThatBreaksTheDocument(t *testing.T) {
	t.Parallel()
	const ok, problem = "application/json", "application/problem+json"
	for name, c := range map[string]struct {
		path, sent string
		answer     canned
		fails      bool
	}{
		"as documented":           {"/v1/things/1", `{"n":"x"}`, canned{200, ok, `{"a":"x"}`}, false},
		"a documented null":       {"/v1/things/1", `{"n":"x"}`, canned{200, ok, `{"a":null}`}, false},
		"a field is missing":      {"/v1/things/1", `{"n":"x"}`, canned{200, ok, `{}`}, true},
		"a field is undocumented": {"/v1/things/1", `{"n":"x"}`, canned{200, ok, `{"a":"x","b":1}`}, true},
		"a wrong type":            {"/v1/things/1", `{"n":"x"}`, canned{200, ok, `{"a":1}`}, true},
		"accepted though wrong":   {"/v1/things/1", `{"m":"x"}`, canned{200, ok, `{"a":"x"}`}, true},
		"refused as it should":    {"/v1/things/1", `{"m":"x"}`, canned{422, problem, `{"code":"x"}`}, false},
		"a problem of no shape":   {"/v1/things/1", `{"n":"x"}`, canned{500, problem, `{}`}, true},
		"a problem of no type":    {"/v1/things/1", `{"n":"x"}`, canned{500, "text/plain", `oops`}, true},
		"outside the document":    {"/healthz", ``, canned{200, "text/plain", `ok`}, false},
	} {
		seen := &recorder{TB: t}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:1"+c.path, strings.NewReader(c.sent))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		res, err := contract.Watch(seen, []byte(sample), c.answer).RoundTrip(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, c.answer.body, string(body), "the caller still reads the answer")
		require.Equal(t, c.fails, len(seen.failures) > 0, "%s: %v", name, seen.failures)
	}
}
