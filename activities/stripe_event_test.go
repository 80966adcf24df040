package activities_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// received is an event in the inbox that nobody has looked at.
func (d *desk) received(id, kind, object string) activities.StripeEventInput {
	d.t.Helper()
	endpoint, err := d.Store.CreateStripeEndpoint(d.t.Context(), d.Call, models.NewID(), []string{"whsec_x"}, false)
	require.NoError(d.t, err)
	_, err = d.Store.ReceiveEvent(d.t.Context(), d.Call, models.InboxEvent{ID: id, EndpointID: endpoint.ID, Type: kind, ObjectID: object,
		APIVersion: gateway.APIVersion, Payload: []byte("{}")})
	require.NoError(d.t, err)
	return activities.StripeEventInput{Realm: d.Call.Realm, Event: id}
}

func (d *desk) applied(in activities.StripeEventInput) string {
	d.t.Helper()
	out, err := run(d, d.do.ApplyStripeEvent, in)
	require.NoError(d.t, err)
	if out.Reason == "" {
		return out.Status
	}
	return out.Status + ": " + out.Reason
}

func TestEveryEventAboutOnePaymentIsOnePayment(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in) // the events come before the answer does
	require.Error(t, err)
	ref := d.row(in.Invoice).StripeInvoice
	paid, succeeded := d.received("evt_1", "invoice.paid", ref), d.received("evt_2", "invoice.payment_succeeded", ref)
	d.atOnce(func() {
		_, _ = run(d, d.do.ApplyStripeEvent, paid)
		_, _ = run(d, d.do.ApplyStripeEvent, succeeded)
	})
	require.Equal(t, "done", d.applied(paid))
	require.Equal(t, "done", d.applied(succeeded))
	d.counts("1", "SELECT count(*) FROM payments")
	d.counts("1", "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'payment/%/succeeded'")
	require.Equal(t, models.InvoicePaid, d.row(in.Invoice).Status)
	require.Empty(t, d.Sound())
}

func TestAnEventThatOvertakesOurOwnRecordFindsTheInvoiceByTheIDWeSent(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in)
	require.Error(t, err)
	ref := d.row(in.Invoice).StripeInvoice
	d.Exec("UPDATE invoices SET stripe_invoice = ''")
	require.Equal(t, "done", d.applied(d.received("evt_1", "invoice.paid", ref)))
	require.Equal(t, models.InvoicePaid, d.row(in.Invoice).Status)
}

func TestEventsThatAreNotForUsAreIgnoredWithAReason(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	ref := d.row(in.Invoice).StripeInvoice
	require.Equal(t, "ignored: type not handled", d.applied(d.received("evt_1", "product.created", "prod_1")))
	require.Equal(t, "ignored: invoice is not paid", d.applied(d.received("evt_2", "invoice.paid", ref)))
	require.Equal(t, "ignored: the failure is past", d.applied(d.received("evt_3", "invoice.payment_failed", ref)))
	require.Equal(t, "ignored: invoice is not ours", d.applied(d.received("evt_4", "invoice.paid", d.foreignInvoice())))
	d.counts("0", "SELECT count(*) FROM payments")
}

// foreignInvoice is one that somebody else made in the same Stripe account.
func (d *desk) foreignInvoice() string {
	d.t.Helper()
	inv, err := d.do.Stripe.CreateInvoice(d.t.Context(), gateway.InvoiceParams{Key: "foreign", Currency: "EUR",
		CustomerID: d.Text("SELECT stripe_customer FROM billing_accounts")})
	require.NoError(d.t, err)
	return inv.ID
}

func TestADeclineThatAnEventTellsOfIsRecordedOnce(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in)
	require.Error(t, err)
	require.Equal(t, "done", d.applied(d.received("evt_1", "invoice.payment_failed", d.row(in.Invoice).StripeInvoice)))
	state, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	require.Equal(t, activities.StepWait, state.Step)
	require.Equal(t, "insufficient_funds", state.Decline)
	d.counts("failed 1", "SELECT string_agg(status || ' ' || attempt, ',') FROM payments")
	require.Equal(t, 1, d.at("charges"))
}

func TestAnEventAboutAnObjectThatIsGoneIsRefusedAndSetAside(t *testing.T) {
	d := newDesk(t)
	in := d.received("evt_1", "invoice.paid", "in_gone")
	_, err := run(d, d.do.ApplyStripeEvent, in)
	require.ErrorContains(t, err, "provider_invalid_request")
	dead := activities.DeadEventInput{Realm: in.Realm, Event: in.Event, Reason: "provider_invalid_request"}
	for range 2 {
		_, err = run(d, silent(d.do.BuryStripeEvent), dead)
		require.NoError(t, err)
	}
	d.counts("dead provider_invalid_request", "SELECT status || ' ' || reason FROM stripe_inbox")
}

func TestABoughtCheckoutGivesItsCreditsOnce(t *testing.T) {
	d := newDesk(t)
	d.begin()
	c, err := d.Store.OpenCheckout(t.Context(), d.Call, store.NewCheckout{Account: d.Account.ID, Asset: "CREDIT", Quantity: decimal.NewFromInt(50),
		SuccessURL: "https://acme.example/ok"})
	require.NoError(t, err)
	session, err := d.do.Stripe.CreateCheckoutSession(t.Context(), gateway.CheckoutParams{Key: keys.StripeCheckout(c.ID),
		ClientReferenceID: keys.Encode(keys.Checkout, c.ID), Amount: money.Amount{Value: c.Amount, Asset: c.Currency}, Description: "50 CREDIT",
		SuccessURL: c.SuccessURL})
	require.NoError(t, err)
	require.Equal(t, "ignored: checkout session is not paid", d.applied(d.received("evt_0", "checkout.session.completed", session.ID)))
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_fake/checkout/sessions/"+session.ID+"/complete", nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	in := d.received("evt_1", "checkout.session.completed", session.ID)
	d.atOnce(func() { _, _ = run(d, d.do.ApplyStripeEvent, in) })
	require.Equal(t, "done", d.applied(in))
	require.Equal(t, "done", d.applied(d.received("evt_2", "checkout.session.completed", session.ID)))
	d.counts("50", "SELECT trim_scale(sum(issued)) FROM credit_lots WHERE source_kind = 'purchase'")
	d.counts("1", "SELECT count(*) FROM payments")
	require.Empty(t, d.Sound())
}

func TestWithoutAProviderItsWorkIsRefusedAndNothingPanics(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	event := d.received("evt_1", "invoice.paid", d.row(in.Invoice).StripeInvoice)
	d.do.Stripe = nil
	_, err := run(d, d.do.CollectInvoice, in)
	require.ErrorContains(t, err, "provider_not_configured")
	_, err = run(d, d.do.ApplyStripeEvent, event)
	require.ErrorContains(t, err, "provider_not_configured")
	require.Equal(t, 0, d.row(in.Invoice).Attempts)
}
