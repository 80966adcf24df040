package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhateverAHandlerReturnsBecomesAProblem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused(t, b.call(http.MethodGet, "/v1/fail/none", ""), 404, "not_found")
	require.Equal(t, "It is active.", refused(t, b.call(http.MethodGet, "/v1/fail/wrapped", ""), 409, "state_conflict").Detail)
	p := refused(t, b.call(http.MethodGet, "/v1/fail/field", ""), 422, "validation_failed")
	require.Equal(t, []Field{{Pointer: "/amount", Code: "currency_mismatch", Detail: "Want EUR."}}, p.Errors)
	p = refused(t, b.call(http.MethodGet, "/v1/fail/hint", ""), 402, "insufficient_funds")
	require.Equal(t, "funding.shortfall", p.Hints[0].Type)
	rec := b.call(http.MethodGet, "/v1/fail/busy", "")
	require.Equal(t, "1", rec.Header().Get("Retry-After"))
	require.True(t, refused(t, rec, 409, "idempotency_in_progress").Retryable)
	refused(t, b.call(http.MethodGet, "/v1/fail/deadline", ""), 504, "timeout")
	refused(t, b.call(http.MethodGet, "/v1/fail/hang", ""), 504, "timeout")
}

func TestThePrivateTextOfAnErrorReachesTheLogAndNotTheCaller(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"plain", "panic"} {
		b := newBench(t)
		rec := b.call(http.MethodGet, "/v1/fail/"+how, "")
		require.NotContains(t, rec.Body.String(), "secret")
		refused(t, rec, 500, "internal")
		require.Contains(t, b.log.String(), "secret")
	}
}

func TestWhatTheRouterRefusesIsAProblemToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused(t, b.call(http.MethodGet, "/nowhere", ""), 404, "not_found")
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets/", ""), 404, "not_found")
	refused(t, b.call(http.MethodGet, "/mgt/v1//widgets", ""), 404, "not_found")
	refused(t, b.call(http.MethodDelete, "/mgt/v1/widgets", ""), 405, "method_not_allowed")
	for _, accept := range []string{"text/html", "application/json;q=0", "text/csv, image/*", "a;q", ";", "application/xml;q"} {
		refused(t, b.call(http.MethodGet, "/mgt/v1/widgets", "", "Accept", accept), 406, "not_acceptable")
	}
	for _, accept := range []string{"*/*", "application/json", "text/html, application/*;q=0.1", "application/problem+json"} {
		require.Equal(t, 200, b.call(http.MethodGet, "/mgt/v1/widgets", "", "Accept", accept).Code, accept)
	}
}

func TestNamesInPathAndQueryAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := refused(t, b.call(http.MethodGet, "/mgt/v1/widgets?nmae=x", ""), 400, "unknown_parameter")
	require.Equal(t, "?nmae", p.Errors[0].Pointer)
	for _, limit := range []string{"0", "-1", "201", "abc", "1.5"} {
		p := refused(t, b.call(http.MethodGet, "/mgt/v1/widgets?limit="+limit, ""), 422, "validation_failed")
		require.Equal(t, "?limit", p.Errors[0].Pointer)
	}
	for _, id := range []string{"x", "ba_01h455vb4pex5vsknk084sn02q", "PRD_01H455VB4PEX5VSKNK084SN02Q", "prd_8zzzzzzzzzzzzzzzzzzzzzzzzz", "01890a5d-ac96-774b-bcce-b302099a8057"} {
		refused(t, b.call(http.MethodGet, "/mgt/v1/widgets/"+id, ""), 400, "invalid_id")
	}
}

func TestARequestIdIsEchoedIfHarmlessAndElseReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, "abc_DEF-9", b.call(http.MethodGet, "/healthz", "", "X-Request-Id", "abc_DEF-9").Header().Get("X-Request-Id"))
	for _, bad := range []string{"", "a b", "é", strings.Repeat("a", 65), "a;b", "<script>"} {
		got := b.call(http.MethodGet, "/healthz", "", "X-Request-Id", bad).Header().Get("X-Request-Id")
		require.Regexp(t, `^req_[0-9a-f-]{36}$`, got)
	}
}

func TestTheAccessLogHasTheRouteAndNeitherBodyNorKeyNorQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"private"}`)
	b.call(http.MethodGet, "/mgt/v1/widgets?name=private", "")
	log := b.log.String()
	require.Contains(t, log, `"route":"/mgt/v1/widgets"`)
	require.Contains(t, log, `"realm":"demo"`)
	for _, secret := range []string{"private", "bsk_", "key-1"} {
		require.NotContains(t, log, secret)
	}
}

func TestEveryAnswerCarriesSecurityHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"/healthz", "/nowhere", "/mgt/v1/widgets", "/docs", "/v1/fail/panic"} {
		h := b.call(http.MethodGet, path, "").Header()
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
	}
}

func TestABodyThatDoesNotArriveIsATimeoutAndNotAServerError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for err, want := range map[error]int{os.ErrDeadlineExceeded: 408, errors.New("reset"): 400} {
		req := httptest.NewRequest(http.MethodPost, "/webhooks/scratch", errReader{err})
		rec := httptest.NewRecorder()
		b.router.ServeHTTP(rec, req)
		require.Equal(t, want, rec.Code)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestTheServerBoundsEveryPhaseOfARequest(t *testing.T) {
	t.Parallel()
	s := NewServer(":0", http.NotFoundHandler())
	require.Equal(t, 10*time.Second, s.ReadTimeout)
	require.Equal(t, 30*time.Second, s.WriteTimeout)
	require.Equal(t, 32<<10, s.MaxHeaderBytes)
	require.NotZero(t, s.IdleTimeout)
}
