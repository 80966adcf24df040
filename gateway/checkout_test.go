package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

const secret = "whsec_test"

// inbox receives webhooks, verifies them and keeps the events.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	events []gateway.Event
	errs   []error
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		e, verr := gateway.VerifyEvent(raw, r.Header.Get("Stripe-Signature"), []string{secret}, time.Now())
		in.mu.Lock()
		defer in.mu.Unlock()
		if err != nil || verr != nil {
			in.errs = append(in.errs, err, verr)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		in.events = append(in.events, e)
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) ofType(t *testing.T, kind string) []gateway.Event {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	require.Empty(t, in.errs)
	var out []gateway.Event
	for _, e := range in.events {
		if e.Type == kind {
			out = append(out, e)
		}
	}
	return out
}

func drain(t *testing.T, fake *stripefake.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, fake.Drain(ctx))
}

func TestACompletedCheckoutSendsASignedEvent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	in := newInbox(t)
	w := newWorld(t, stripefake.Options{WebhookURL: in.URL, WebhookSecret: secret})
	cus := w.customer(t, "acme")
	cs, err := w.CreateCheckoutSession(ctx, gateway.CheckoutParams{Key: "chk:1", ClientReferenceID: "chk_1", CustomerID: cus.ID,
		Amount: eur("25.00"), Description: "25 CREDIT", SuccessURL: "https://example.test/ok", Metadata: map[string]string{"obj": "chk_1"}})
	require.NoError(t, err)
	require.Equal(t, "open", cs.Status)
	require.Equal(t, "unpaid", cs.PaymentStatus)
	require.Empty(t, cs.PaymentIntentID)
	require.NotEmpty(t, cs.URL)

	require.Equal(t, http.StatusOK, post(t, cs.URL, ""))
	require.Equal(t, http.StatusBadRequest, w.control(t, "/_fake/checkout/sessions/"+cs.ID+"/complete", ""), "only once")
	drain(t, w.fake)

	events := in.ofType(t, "checkout.session.completed")
	require.Len(t, events, 1)
	require.Equal(t, cs.ID, events[0].ObjectID)
	require.Equal(t, "checkout.session", events[0].ObjectType)
	require.False(t, events[0].VersionMismatch)
	require.False(t, events[0].Livemode)
	stored, err := w.GetEvent(ctx, events[0].ID)
	require.NoError(t, err)
	require.JSONEq(t, string(events[0].Object), string(stored.Object))
	require.Equal(t, events[0].Type, stored.Type)

	cs, err = w.GetCheckoutSession(ctx, cs.ID)
	require.NoError(t, err)
	require.Equal(t, "complete", cs.Status)
	require.Equal(t, "paid", cs.PaymentStatus)
	require.Equal(t, "payment", cs.Mode)
	require.Equal(t, "chk_1", cs.ClientReferenceID)
	require.Equal(t, cus.ID, cs.CustomerID)
	requireAmount(t, "25.00", cs.AmountTotal)

	var pi struct {
		Status   string            `json:"status"`
		Metadata map[string]string `json:"metadata"`
	}
	fetch(t, w.url, "/v1/payment_intents/"+cs.PaymentIntentID, &pi)
	require.Equal(t, "succeeded", pi.Status)
	require.Equal(t, map[string]string{"obj": "chk_1"}, pi.Metadata, "Stripe does not copy it by itself")
}

func TestPayingAnInvoiceSendsItsEventsInOrder(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	w := newWorld(t, stripefake.Options{WebhookURL: in.URL, WebhookSecret: secret})
	cus := w.customer(t, "acme")
	open := w.openInvoice(t, cus.ID, "inv:1", "29.00")
	require.Equal(t, 200, w.control(t, "/_fake/customers/"+cus.ID+"/card", `{"behaviour":"decline"}`))
	_, err := w.PayInvoice(context.Background(), "pay:1", open.ID)
	require.NoError(t, err)
	require.Equal(t, 200, w.control(t, "/_fake/customers/"+cus.ID+"/card", `{"behaviour":"ok"}`))
	_, err = w.PayInvoice(context.Background(), "pay:2", open.ID)
	require.NoError(t, err)
	drain(t, w.fake)
	var types []string
	for _, e := range in.events {
		types = append(types, e.Type)
	}
	require.Equal(t, []string{
		"customer.created", "invoice.created", "invoiceitem.created", "payment_intent.created", "invoice.finalized",
		"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed",
		"charge.succeeded", "payment_intent.succeeded", "invoice.paid", "invoice.payment_succeeded",
	}, types)
}
