package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// provider asks the fake as somebody else who works in the same account, and gives the object's id.
func (d *desk) provider(path, form string) string {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	if strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Authorization", "Bearer sk_test_desk")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	require.Equal(d.t, http.StatusOK, w.Code, w.Body.String())
	var made struct{ ID string }
	require.NoError(d.t, json.Unmarshal(w.Body.Bytes(), &made))
	return made.ID
}

// endpoint is one to which the provider delivers nothing.
func (d *desk) endpoint(call store.Call, livemode bool) models.StripeEndpoint {
	d.t.Helper()
	e, err := d.Store.CreateStripeEndpoint(d.t.Context(), call, models.NewID(), []string{"whsec_x"}, livemode)
	require.NoError(d.t, err)
	return e
}

// swept is what a sweep found.
func (d *desk) swept() activities.Swept {
	d.t.Helper()
	out, err := run(d, bare(d.do.SweepStripeEvents), struct{}{})
	require.NoError(d.t, err)
	return out
}

// bare fits an activity without an input.
func bare[Out any](do func(context.Context) (Out, error)) func(context.Context, struct{}) (Out, error) {
	return func(ctx context.Context, _ struct{}) (Out, error) { return do(ctx) }
}

// applyAll does for every received event what its workflow does.
func (d *desk) applyAll() {
	d.t.Helper()
	events, _, err := d.Store.ListEvents(d.t.Context(), d.Call, 1000, "", store.EventFilter{Status: models.InboxReceived})
	require.NoError(d.t, err)
	for _, e := range events {
		_, err := run(d, d.do.ApplyStripeEvent, activities.StripeEventInput{Realm: d.Call.Realm, Event: e.ID})
		require.NoError(d.t, err)
	}
}

// purchased is a page on which 50 credits were paid for.
func (d *desk) purchased() (models.CheckoutSession, string) {
	d.t.Helper()
	c, session := d.offered()
	d.provider("/_fake/checkout/sessions/"+session+"/complete", "")
	return c, session
}

func priceOf(c models.CheckoutSession) money.Amount {
	return money.Amount{Value: c.Amount, Asset: c.Currency}
}

// offered is an open page for 50 credits.
func (d *desk) offered() (models.CheckoutSession, string) {
	d.t.Helper()
	c, err := d.Store.OpenCheckout(d.t.Context(), d.Call, store.NewCheckout{Account: d.Account.ID, Asset: "CREDIT", Quantity: decimal.NewFromInt(50),
		SuccessURL: "https://acme.example/ok"})
	require.NoError(d.t, err)
	session, err := d.do.Stripe.CreateCheckoutSession(d.t.Context(), gateway.CheckoutParams{Key: keys.StripeCheckout(c.ID),
		ClientReferenceID: keys.Encode(keys.Checkout, c.ID), Amount: priceOf(c), Description: "50 CREDIT", SuccessURL: c.SuccessURL})
	require.NoError(d.t, err)
	c, err = d.Store.LinkCheckout(d.t.Context(), d.Call, c.ID, session.ID, session.URL)
	require.NoError(d.t, err)
	return c, session.ID
}

// foreignPayments are invoices that somebody else was paid in the same account: two events each that have a type we know.
func (d *desk) foreignPayments(n int) {
	d.t.Helper()
	customer := d.provider("/v1/customers", "name=else")
	for range n {
		invoice := d.provider("/v1/invoices", "currency=eur&customer="+customer)
		d.provider("/v1/invoiceitems", "amount=100&currency=eur&customer="+customer+"&invoice="+invoice)
		d.provider("/v1/invoices/"+invoice+"/finalize", "")
		d.provider("/v1/invoices/"+invoice+"/pay", "")
	}
}

// effects are the money and the credits that came of what the provider says.
func (d *desk) effects() string {
	return d.Text(`SELECT (SELECT count(*) FROM payments WHERE status = 'succeeded') || ' payments, '
		|| (SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'payment/%/succeeded') || ' paid invoices, '
		|| (SELECT count(*) || ' lots of ' || coalesce(trim_scale(sum(issued)), 0) FROM credit_lots WHERE source_kind = 'purchase')`)
}

func TestLostWebhooksHaveTheirOneEffectThroughTheSweepAlone(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.endpoint(d.Call, false)
	d.provider("/v1/invoices/"+d.row(in.Invoice).StripeInvoice+"/pay", "") // on the provider's page, where our activity learns of nothing
	c, _ := d.purchased()
	d.foreignPayments(120) // the two events of ours are far behind the first page
	require.Equal(t, "0 payments, 0 paid invoices, 0 lots of 0", d.effects())

	first := d.swept()
	require.Equal(t, activities.Swept{Listed: 2*121 + 1, Lost: 2*121 + 1}, first)
	d.counts("243 243 1", "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(deliveries) FROM stripe_inbox WHERE status = 'received'")
	d.counts("243", "SELECT count(DISTINCT workflow_id) FROM outbox WHERE workflow_type = 'StripeEvent'")
	d.applyAll()
	want := "2 payments, 1 paid invoices, 1 lots of 50"
	require.Equal(t, want, d.effects())
	require.Equal(t, models.InvoicePaid, d.row(in.Invoice).Status)
	got, err := d.Store.FindCheckout(t.Context(), d.Call, c.ID)
	require.NoError(t, err)
	require.Equal(t, models.CheckoutComplete, got.Status)

	// A second sweep looks at the same hour again and finds nothing; the deliveries, late, are further ones of known events.
	require.Zero(t, d.swept().Lost)
	for _, id := range strings.Fields(d.Text("SELECT string_agg(id, ' ') FROM stripe_inbox WHERE status = 'done'")) {
		kept, err := d.Store.FindEvent(t.Context(), d.Call, id)
		require.NoError(t, err)
		kept.Status, kept.Reason, kept.FinishedAt = models.InboxReceived, "", nil
		kept, err = d.Store.ReceiveEvent(t.Context(), d.Call, kept)
		require.NoError(t, err)
		require.Equal(t, models.InboxDone, kept.Status)
		require.Equal(t, 2, kept.Deliveries)
	}
	d.applyAll()
	require.Equal(t, want, d.effects())
	d.counts("243", "SELECT count(*) FROM outbox WHERE workflow_type = 'StripeEvent'")
	require.Empty(t, d.Sound())
}

func TestASweepBeginsAnHourBeforeTheNewestEventThatAWholeOneSaw(t *testing.T) {
	d := newDesk(t)
	d.endpoint(d.Call, false)
	d.foreignPayments(1)
	require.Equal(t, activities.Swept{Listed: 2, Lost: 2}, d.swept())
	d.counts("1", "SELECT count(*) FROM stripe_endpoints e WHERE swept_to = (SELECT max(effective_at) FROM stripe_inbox)")

	d.later(3 * time.Hour)
	d.foreignPayments(60) // 120 events: two pages, and the second one fails
	pages := 0
	d.fake.SetFault(func(r *http.Request) stripefake.Fault {
		if strings.HasSuffix(r.URL.Path, "/events") {
			if pages++; pages == 2 {
				return stripefake.ErrorNoEffect
			}
		}
		return stripefake.NoFault
	})
	before := d.Text("SELECT swept_to FROM stripe_endpoints")
	_, err := run(d, bare(d.do.SweepStripeEvents), struct{}{})
	require.ErrorContains(t, err, "provider_error")
	require.Equal(t, before, d.Text("SELECT swept_to FROM stripe_endpoints"), "what was not seen must be asked for again")
	d.fake.SetFault(nil)
	require.Equal(t, activities.Swept{Listed: 122, Lost: 20}, d.swept())

	// What lies behind the hour is not asked for again, what lies inside is.
	d.Exec("DELETE FROM stripe_inbox")
	require.Equal(t, activities.Swept{Listed: 120, Lost: 120}, d.swept())
}

func TestASweptEventIsIgnoredForTheReasonsThatADeliveryIs(t *testing.T) {
	d := newDesk(t)
	live := d.endpoint(d.Call, true)
	d.foreignPayments(1)
	require.Equal(t, 2, d.swept().Lost)
	d.counts("ignored livemode is the other one", "SELECT DISTINCT status || ' ' || reason FROM stripe_inbox")
	d.counts("0", "SELECT count(*) FROM outbox WHERE workflow_type = 'StripeEvent'")

	// With an endpoint of either mode, an event comes to the one whose mode it has.
	d.Exec("DELETE FROM stripe_inbox")
	test := d.endpoint(d.Call, false)
	require.NotEqual(t, live.ID, test.ID)
	require.Equal(t, 2, d.swept().Lost)
	d.counts("received "+test.ID.String(), "SELECT DISTINCT status || ' ' || endpoint_id FROM stripe_inbox")
}

func TestTwoRealmsOnOneStripeAccountEachFinishTheSameEvents(t *testing.T) {
	d := newDesk(t)
	other := harness.Realm(t, d.Store)
	d.endpoint(d.Call, false)
	d.endpoint(other, false)
	in := d.pushed()
	d.provider("/v1/invoices/"+d.row(in.Invoice).StripeInvoice+"/pay", "")
	d.purchased()
	require.Equal(t, activities.Swept{Listed: 3, Lost: 6}, d.swept())
	d.counts("6 3", "SELECT count(DISTINCT workflow_id) || ' ' || count(DISTINCT split_part(workflow_id, '/', 3)) FROM outbox WHERE workflow_type = 'StripeEvent'")

	ours := d.Call
	d.applyAll()
	d.Call = other
	d.applyAll()
	d.Call = ours
	want := func(realm store.Call, status string) {
		d.t.Helper()
		require.Equal(t, fmt.Sprintf("3 %s", status), d.Text(
			"SELECT count(*) || ' ' || string_agg(DISTINCT status || ' ' || reason, ', ') FROM stripe_inbox WHERE realm_id = $1", realm.Realm))
	}
	want(d.Call, "done ")
	want(other, "ignored checkout session is not ours, ignored invoice is not ours")
	require.Equal(t, "2 payments, 1 paid invoices, 1 lots of 50", d.effects())
	d.counts("0", fmt.Sprintf("SELECT count(*) FROM payments WHERE realm_id = '%s'", other.Realm))
	require.Empty(t, d.Sound())
}

func TestOneRealmsTroubleKeepsBackThatRealmAlone(t *testing.T) {
	d := newDesk(t)
	other := harness.Realm(t, d.Store)
	d.endpoint(d.Call, false)
	d.endpoint(other, false)
	d.foreignPayments(1)
	d.Exec(fmt.Sprintf("ALTER TABLE stripe_inbox ADD CONSTRAINT away CHECK (realm_id <> '%s')", other.Realm))
	_, err := run(d, bare(d.do.SweepStripeEvents), struct{}{})
	require.Error(t, err)
	swept := fmt.Sprintf("SELECT (SELECT count(*) FROM stripe_inbox) || ' ' || string_agg((swept_to IS NOT NULL)::text, ' ' ORDER BY realm_id = '%s') FROM stripe_endpoints", other.Realm)
	d.counts("2 true false", swept)
	d.Exec("ALTER TABLE stripe_inbox DROP CONSTRAINT away")
	require.Equal(t, 2, d.swept().Lost)
	d.counts("4 true true", swept)
}

func TestAnEndpointBelongsToOneRealm(t *testing.T) {
	d := newDesk(t)
	e := d.endpoint(d.Call, false)
	_, err := d.Store.CreateStripeEndpoint(t.Context(), harness.Realm(t, d.Store), e.ID, []string{"whsec_y"}, false)
	require.ErrorContains(t, err, "already_exists")
	again, err := d.Store.CreateStripeEndpoint(t.Context(), d.Call, e.ID, []string{"whsec_y"}, false)
	require.NoError(t, err)
	require.Equal(t, []string{"whsec_x"}, again.Secrets, "the one that is kept")
}

func TestAPageThatExpiresEndsItsPurchaseAndMoneyThatComesAllTheSameGivesItsCreditsOnce(t *testing.T) {
	d := newDesk(t)
	d.begin()
	c, session := d.offered()
	early := d.received("evt_1", "checkout.session.expired", session)
	require.Equal(t, "ignored: checkout session has not expired", d.applied(early))
	status := func() models.CheckoutStatus {
		got, err := d.Store.FindCheckout(t.Context(), d.Call, c.ID)
		require.NoError(t, err)
		return got.Status
	}
	require.Equal(t, models.CheckoutOpen, status())
	d.provider("/_fake/checkout/sessions/"+session+"/expire", "")
	require.Equal(t, "ignored: checkout session is not paid", d.applied(d.received("evt_2", "checkout.session.completed", session)))
	require.Equal(t, "done", d.applied(d.received("evt_3", "checkout.session.expired", session)))
	require.Equal(t, models.CheckoutExpired, status())
	require.Equal(t, "done", d.applied(d.received("evt_4", "checkout.session.expired", session)))
	require.Equal(t, "0 payments, 0 paid invoices, 0 lots of 0", d.effects())

	// A session that is no longer the purchase's says nothing about it.
	d.Exec("UPDATE checkout_sessions SET status = 'open', stripe_session = 'cs_other'")
	require.Equal(t, "ignored: the purchase has another session or another end", d.applied(d.received("evt_5", "checkout.session.expired", session)))
	require.Equal(t, models.CheckoutOpen, status())
	d.Exec("UPDATE checkout_sessions SET status = 'expired', stripe_session = $1", session)

	// The provider has been paid after all, and says so twice.
	paid := store.Purchase{Checkout: c.ID, Session: session, Payment: "pi_late", Amount: priceOf(c)}
	for range 2 {
		_, err := d.Store.CompleteCheckout(t.Context(), d.Call, paid)
		require.NoError(t, err)
	}
	require.Equal(t, models.CheckoutComplete, status())
	require.Equal(t, "done", d.applied(d.received("evt_6", "checkout.session.completed", d.another(c))))
	require.Equal(t, "2 payments, 0 paid invoices, 1 lots of 50", d.effects(), "another payment for it is kept apart")
	require.Equal(t, "ignored: the purchase has another session or another end", d.applied(d.received("evt_7", "checkout.session.expired", session)))
	require.Equal(t, models.CheckoutComplete, status())
	require.Empty(t, d.Sound())
}

// another is a second, paid session for the same purchase.
func (d *desk) another(c models.CheckoutSession) string {
	d.t.Helper()
	session, err := d.do.Stripe.CreateCheckoutSession(d.t.Context(), gateway.CheckoutParams{Key: "another", Amount: priceOf(c),
		ClientReferenceID: keys.Encode(keys.Checkout, c.ID), Description: "50 CREDIT", SuccessURL: c.SuccessURL})
	require.NoError(d.t, err)
	d.provider("/_fake/checkout/sessions/"+session.ID+"/complete", "")
	return session.ID
}
