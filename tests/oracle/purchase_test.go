package oracle_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/system"
)

// The answer to a purchase is the page that was opened, also for a caller who asks again when the page is long closed.
func TestARepeatedPurchaseIsAnsweredAsTheFirstTime(t *testing.T) {
	sys := system.Start(t)
	s := newScene(t, sys, func() string { return sys.Base })
	var first, again json.RawMessage
	body := map[string]any{"billing_account_id": s.account.ID, "credit_type": "CREDIT", "quantity": "5", "success_url": "https://oracle.example/"}
	require.NoError(t, sys.Post(t.Context(), "/mgt/v1/checkout-sessions", "buy", body, &first))
	var opened struct {
		ID      string
		Session string `json:"stripe_session"`
	}
	require.NoError(t, json.Unmarshal(first, &opened))
	res, err := http.Post(sys.Stripe+"/_fake/checkout/sessions/"+opened.Session+"/complete", "application/json", strings.NewReader("{}")) //nolint:noctx // loopback
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, res.Body)
	require.NoError(t, res.Body.Close())
	require.Eventually(t, func() bool {
		var now struct{ Status string }
		return sys.Get(t.Context(), "/mgt/v1/checkout-sessions/"+opened.ID, &now) == nil && now.Status == "complete"
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, sys.Post(t.Context(), "/mgt/v1/checkout-sessions", "buy", body, &again))
	require.Equal(t, string(first), string(again))
}
