package e2e_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
)

func TestAPurchaseWhoseProviderDidNotAnswerHoldsUpNoClockAndIsOpenedOnce(t *testing.T) {
	s := newScene(t, "abandoned")
	s.assign(t)
	var once sync.Once
	s.sys.Fake.SetFault(func(r *http.Request) (f stripefake.Fault) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/checkout/sessions" {
			once.Do(func() { f = stripefake.ErrorStored })
		}
		return f
	})
	var refused *example.Refused
	err := s.Post(context.Background(), "/mgt/v1/checkout-sessions", "buy", map[string]any{"billing_account_id": s.AccountID, "credit_type": "CREDIT",
		"quantity": "50", "success_url": "https://abandoned.example/thanks"}, nil)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "provider_error", refused.Code)
	// Nobody asks again.
	s.to(t, s.now.Add(24*time.Hour))
	l := &letterbox{scene: s}
	require.Equal(t, "open", l.text(t, "SELECT status FROM checkout_sessions"))
	require.Equal(t, "succeeded 2", l.text(t, "SELECT status || ' ' || generation FROM provider_calls WHERE verb = 'checkout.create'"))
	var sessions struct{ Data []struct{ ID string } }
	l.stripe(t, http.MethodGet, "/v1/checkout/sessions", &sessions)
	require.Len(t, sessions.Data, 1)
	s.verify(t)
}
