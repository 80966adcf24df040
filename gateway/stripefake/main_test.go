package stripefake_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/durabill/durabill/gateway/stripefake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newFake(t *testing.T, opts stripefake.Options) *stripefake.Server {
	t.Helper()
	s, err := stripefake.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// ask sends one request; form is key, value, key, value … and pairs of the header Idempotency-Key go under "#key".
func ask(s http.Handler, method, path string, form ...string) (int, map[string]any, http.Header) {
	values := url.Values{}
	key := ""
	for i := 0; i < len(form); i += 2 {
		if form[i] == "#key" {
			key = form[i+1]
			continue
		}
		values.Add(form[i], form[i+1])
	}
	var body io.Reader
	if method == http.MethodGet {
		path += "?" + values.Encode()
	} else {
		body = strings.NewReader(values.Encode())
	}
	if strings.HasPrefix(path, "/_fake/") {
		body = strings.NewReader("")
	}
	r := httptest.NewRequestWithContext(context.Background(), method, path, body)
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Idempotency-Key", key)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var out map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &out)
	return w.Code, out, w.Header()
}

// made asks and expects success, and gives the new object's id.
func made(t *testing.T, s http.Handler, path string, form ...string) string {
	t.Helper()
	code, out, _ := ask(s, http.MethodPost, path, form...)
	require.Equal(t, http.StatusOK, code, "%v", out)
	id, _ := out["id"].(string)
	return id
}

func drain(t *testing.T, s *stripefake.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.Drain(ctx))
}

func errorOf(out map[string]any) map[string]any {
	e, _ := out["error"].(map[string]any)
	return e
}
