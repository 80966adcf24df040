package stripefake_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/gateway/stripefake"
)

// endpoint answers 500 to the first n deliveries.
func endpoint(t *testing.T, failures int64) (url string, seen *atomic.Int64) {
	t.Helper()
	seen = &atomic.Int64{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if seen.Add(1) <= failures {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, seen
}

func undelivered(t *testing.T, s http.Handler) int {
	t.Helper()
	_, out, _ := ask(s, http.MethodGet, "/v1/events", "delivery_success", "false")
	return len(out["data"].([]any))
}

func TestADeliveryIsRepeatedUntilItIsAnsweredWith2xx(t *testing.T) {
	t.Parallel()
	url, seen := endpoint(t, 3)
	s := newFake(t, stripefake.Options{WebhookURL: url, WebhookSecret: "whsec_1", RetryBase: time.Millisecond})
	made(t, s, "/v1/customers", "name", "acme")
	drain(t, s)
	require.Equal(t, int64(4), seen.Load())
	require.Zero(t, undelivered(t, s))
}

func TestADeliveryIsGivenUpAfterItsAttemptsAndCanBeResent(t *testing.T) {
	t.Parallel()
	url, seen := endpoint(t, 3)
	s := newFake(t, stripefake.Options{WebhookURL: url, WebhookSecret: "whsec_1", RetryBase: time.Millisecond, MaxAttempts: 3})
	made(t, s, "/v1/customers", "name", "acme")
	drain(t, s)
	require.Equal(t, int64(3), seen.Load())
	require.Equal(t, 1, undelivered(t, s))

	_, out, _ := ask(s, http.MethodGet, "/v1/events")
	id := out["data"].([]any)[0].(map[string]any)["id"].(string)
	code, _, _ := ask(s, http.MethodPost, "/_fake/events/"+id+"/deliver")
	require.Equal(t, http.StatusOK, code)
	drain(t, s)
	require.Equal(t, int64(4), seen.Load())
	require.Zero(t, undelivered(t, s))
}

func TestEveryEndpointGetsEveryEventAndARemovedOneNone(t *testing.T) {
	t.Parallel()
	one, seenOne := endpoint(t, 0)
	two, seenTwo := endpoint(t, 0)
	s := newFake(t, stripefake.Options{WebhookURL: one, WebhookSecret: "whsec_1"})
	s.SetEndpoint(two, "whsec_2")
	made(t, s, "/v1/customers", "name", "acme")
	drain(t, s)
	s.RemoveEndpoint(two)
	made(t, s, "/v1/customers", "name", "other")
	drain(t, s)
	require.Equal(t, int64(2), seenOne.Load())
	require.Equal(t, int64(1), seenTwo.Load())
}

func TestAnEndpointThatFailsDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	bad, _ := endpoint(t, 1_000)
	good, seen := endpoint(t, 0)
	s := newFake(t, stripefake.Options{WebhookURL: bad, WebhookSecret: "whsec_1", RetryBase: time.Hour})
	s.SetEndpoint(good, "whsec_2")
	for range 3 {
		made(t, s, "/v1/customers", "name", "acme")
	}
	require.Eventually(t, func() bool { return seen.Load() == 3 }, 5*time.Second, 5*time.Millisecond)
}

func TestADeliveryCutOffByARestartIsMadeAfterIt(t *testing.T) {
	t.Parallel()
	url, seen := endpoint(t, 1)
	opts := stripefake.Options{WebhookURL: url, WebhookSecret: "whsec_1", RetryBase: 300 * time.Millisecond,
		StateFile: filepath.Join(t.TempDir(), "stripe.json")}
	before, err := stripefake.New(opts)
	require.NoError(t, err)
	made(t, before, "/v1/customers", "name", "acme")
	require.Eventually(t, func() bool { return undeliveredAttempts(before) == 1 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, before.Close())

	after := newFake(t, opts)
	drain(t, after)
	require.Equal(t, int64(2), seen.Load())
	require.Zero(t, undelivered(t, after))
}

func undeliveredAttempts(s http.Handler) int {
	_, out, _ := ask(s, http.MethodGet, "/_fake/deliveries")
	n, _ := out["data"].([]any)[0].(map[string]any)["attempts"].(float64)
	return int(n)
}
