package oracle_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/oracle"
)

// liar is an API that answers as a test says, one answer after the other, and the last one for ever.
func liar(t *testing.T, answers ...http.HandlerFunc) *oracle.Client {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(n, len(answers)-1)](w, r)
		n++
	}))
	t.Cleanup(server.Close)
	return &oracle.Client{Base: func() string { return server.URL }, HTTP: server.Client(), Pause: time.Millisecond}
}

func problem(status int, code string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		for _, h := range headers {
			w.Header().Set(h, "1")
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":%d,"code":%q}`, status, code)
	}
}

func success(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, body)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestEveryBreachOfTheAPIsWordIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		exists  int
		breach  bool
	}{
		"a success and its repeat":                 {[]http.HandlerFunc{success(`{"id":1}`)}, 1, false},
		"a success that made nothing":              {[]http.HandlerFunc{success(`{"id":1}`)}, 0, true},
		"a success that made two":                  {[]http.HandlerFunc{success(`{"id":1}`)}, 2, true},
		"a repeat with another body":               {[]http.HandlerFunc{success(`{"id":1}`), success(`{"id":2}`)}, 1, true},
		"a refusal":                                {[]http.HandlerFunc{problem(409, "state_conflict")}, 0, false},
		"a refusal with an effect":                 {[]http.HandlerFunc{problem(409, "state_conflict")}, 1, true},
		"a code that is not in the registry":       {[]http.HandlerFunc{problem(409, "whatever")}, 0, true},
		"a code of another status":                 {[]http.HandlerFunc{problem(404, "state_conflict")}, 0, true},
		"a refusal that is no problem document":    {[]http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }}, 0, true},
		"a redirect":                               {[]http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }}, 0, true},
		"unavailable without a word on when again": {[]http.HandlerFunc{problem(503, "unavailable")}, 0, true},
		"a cut connection, then a success":         {[]http.HandlerFunc{cut, success(`{"id":1}`)}, 1, false},
		"a 500, then a refusal with an effect":     {[]http.HandlerFunc{problem(500, "internal"), problem(409, "already_exists")}, 1, true},
		"still running, unavailable, a success":    {[]http.HandlerFunc{problem(409, "idempotency_in_progress", "Retry-After"), problem(503, "unavailable", "Retry-After"), success(`{}`)}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := liar(t, c.answers...)
			_, err := client.Do(t.Context(), oracle.Op{Name: "op", Path: "/", Key: "k", Exists: func(context.Context) (int, error) { return c.exists, nil }})
			require.NoError(t, err)
			require.Equal(t, c.breach, len(client.Record().Violations) > 0, "%v", client.Record().Violations)
		})
	}
}

func TestAWriteThatNeverGetsADefiniteAnswerIsAnError(t *testing.T) {
	t.Parallel()
	client := liar(t, cut)
	ctx, cancel := context.WithCancel(t.Context())
	client.Limit = func() time.Duration {
		if client.Record().Answers[oracle.Ambiguous] == 3 {
			cancel()
		}
		return time.Second
	}
	_, err := client.Do(ctx, oracle.Op{Name: "op", Path: "/", Key: "k"})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "no definite answer")
}
