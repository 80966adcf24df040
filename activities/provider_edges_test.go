package activities_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func TestAPaymentThatIsUnderWayIsNeitherPaidNorDeclined(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	arrived := false
	// A bank debit: the provider takes the request, and the invoice stays open without an error until the money comes.
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/pay") && !arrived {
			header := r.Header.Clone()
			r = httptest.NewRequest(http.MethodGet, strings.TrimSuffix(r.URL.Path, "/pay"), nil)
			r.Header = header
		}
		d.fake.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	slow, err := gateway.New(gateway.Config{APIKey: "sk_test_x", BaseURL: web.URL, Timeout: patience})
	require.NoError(t, err)
	t.Cleanup(slow.Close)
	d.do.Stripe = slow
	for range 3 {
		_, err = run(d, d.do.CollectInvoice, in)
		require.ErrorContains(t, err, "payment_processing")
	}
	inv := d.row(in.Invoice)
	require.Equal(t, models.CollectionUnknown, inv.Collection)
	require.Equal(t, 1, inv.Attempts)
	d.counts("0", "SELECT count(*) FROM payments")
	arrived = true
	_, err = slow.PayInvoice(t.Context(), "the bank's", inv.StripeInvoice)
	require.NoError(t, err)
	d.untilPaid(in)
	d.onePaid()
}

// bought is a session at the provider that has been paid.
func (d *desk) bought(ref string) gateway.CheckoutSession {
	d.t.Helper()
	session, err := d.do.Stripe.CreateCheckoutSession(d.t.Context(), gateway.CheckoutParams{Key: ref, ClientReferenceID: ref,
		Amount: money.Amount{Value: decimal.NewFromInt(50), Asset: "EUR"}, Description: "50 CREDIT", SuccessURL: "https://acme.example/ok"})
	require.NoError(d.t, err)
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_fake/checkout/sessions/"+session.ID+"/complete", nil))
	require.Equal(d.t, http.StatusOK, w.Code, w.Body.String())
	return session
}

func TestACheckoutThatIsPaidDaysLaterGivesItsCredits(t *testing.T) {
	d := newDesk(t)
	d.begin()
	c, err := d.Store.OpenCheckout(t.Context(), d.Call, store.NewCheckout{Account: d.Account.ID, Asset: "CREDIT", Quantity: decimal.NewFromInt(50),
		SuccessURL: "https://acme.example/ok"})
	require.NoError(t, err)
	session := d.bought(keys.Encode(keys.Checkout, c.ID))
	require.Equal(t, "done", d.applied(d.received("evt_1", "checkout.session.async_payment_succeeded", session.ID)))
	require.Equal(t, "done", d.applied(d.received("evt_2", "checkout.session.completed", session.ID)))
	d.counts("50", "SELECT trim_scale(sum(issued)) FROM credit_lots WHERE source_kind = 'purchase'")
	require.Empty(t, d.Sound())
}

func TestACheckoutOfAnotherRealmInTheSameStripeAccountIsIgnored(t *testing.T) {
	d := newDesk(t)
	session := d.bought(keys.Encode(keys.Checkout, models.NewID()))
	require.Equal(t, "ignored: checkout session is not ours", d.applied(d.received("evt_1", "checkout.session.completed", session.ID)))
	d.counts("0", "SELECT count(*) FROM payments")
}
