package replay_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// recordCheckouts finishes calls for a hosted page that somebody began and did not end: with the first try, when the first try gets
// no answer, and not at all.
func recordCheckouts(t *testing.T) {
	r := newRecorder(t, harness.Setting{})
	r.Assign(time.Time{})
	failed := false
	r.fake.SetFault(func(q *http.Request) stripefake.Fault {
		if failed || q.Method != http.MethodPost || q.URL.Path != "/v1/checkout/sessions" {
			return stripefake.NoFault
		}
		failed = true
		return stripefake.ErrorNoEffect
	})
	slow := r.opening()
	r.opened(slow)
	r.keep("checkout", keys.CheckoutWorkflow(slow), "")
	plain, dropped := r.opening(), r.opening()
	r.running(keys.CheckoutWorkflow(dropped))
	r.cancel("checkout_cancelled", keys.CheckoutWorkflow(dropped))
	r.opened(plain)
	r.keep("checkout_plain", keys.CheckoutWorkflow(plain), "")
}

func (r *recorder) opening() uuid.UUID {
	r.t.Helper()
	c, err := r.Store.OpenCheckout(r.t.Context(), r.Call, store.NewCheckout{Account: r.Account.ID, Asset: "CREDIT", Quantity: decimal.NewFromInt(50),
		SuccessURL: "https://acme.example/ok"})
	require.NoError(r.t, err)
	params, err := json.Marshal(gateway.CheckoutParams{ClientReferenceID: keys.Encode(keys.Checkout, c.ID), Amount: money.Amount{Value: c.Amount, Asset: c.Currency},
		Description: "50 CREDIT", SuccessURL: c.SuccessURL})
	require.NoError(r.t, err)
	_, err = r.Store.BeginCall(r.t.Context(), r.Call, store.NewCall{Key: keys.StripeCheckout(c.ID), Account: r.Account.ID, Verb: "checkout.create",
		ObjectRef: keys.Encode(keys.Checkout, c.ID), Params: params, Checkout: &c.ID})
	require.NoError(r.t, err)
	return c.ID
}

func (r *recorder) opened(checkout uuid.UUID) {
	r.t.Helper()
	r.eventually(func() bool {
		return r.Text("SELECT status FROM checkout_sessions WHERE id = $1", checkout) == string(models.CheckoutOpen)
	})
	r.ended(keys.CheckoutWorkflow(checkout))
}
