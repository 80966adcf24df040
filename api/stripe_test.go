package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

func sign(raw []byte, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(append([]byte(stamp+"."), raw...))
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (o *office) deliver(path string, raw []byte, signature string) (int, object) {
	o.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if signature != "" {
		req.Header.Set("Stripe-Signature", signature)
	}
	rec := httptest.NewRecorder()
	o.router.ServeHTTP(rec, req)
	var out object
	require.NoError(o.t, json.Unmarshal(rec.Body.Bytes(), &out))
	return rec.Code, out
}

func (o *office) refusals(reason string) int {
	o.t.Helper()
	families, err := o.router.metrics.Gather()
	require.NoError(o.t, err)
	for _, f := range families {
		if f.GetName() != "durabill_stripe_deliveries_refused_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == reason {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return 0
}

func TestCreditsAreBoughtAndARetryFinishesWhatWasBegun(t *testing.T) {
	fake, err := stripefake.New(stripefake.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	stripe, err := gateway.New(gateway.Config{APIKey: "sk_test_1", BaseURL: server.URL})
	require.NoError(t, err)
	t.Cleanup(stripe.Close)
	down := true
	c := newCustomer(t, func(d *Deps) {
		d.OpenCheckout = func(ctx context.Context, p gateway.CheckoutParams) (gateway.CheckoutSession, error) {
			if down {
				return gateway.CheckoutSession{}, context.DeadlineExceeded
			}
			return stripe.CreateCheckoutSession(ctx, p)
		}
	})
	c.subscribe()
	body := object{"billing_account_id": c.account, "credit_type": "CREDIT", "quantity": "100", "success_url": "https://example.com/thanks"}
	status, _, problem := c.send(http.MethodPost, "/mgt/v1/checkout-sessions", body, "Idempotency-Key", "buy-1")
	require.Equal(t, 504, status, problem)
	down = false
	status, head, out := c.send(http.MethodPost, "/mgt/v1/checkout-sessions", body, "Idempotency-Key", "buy-1")
	require.Equal(t, 201, status, out)
	require.Equal(t, "open", out["status"])
	require.NotEmpty(t, out["url"])
	require.Equal(t, object{"amount": "100.00", "currency": "EUR"}, out["amount"])
	require.Equal(t, "/mgt/v1/checkout-sessions/"+out["id"].(string), head.Get("Location"))
	_, _, again := c.send(http.MethodPost, "/mgt/v1/checkout-sessions", body, "Idempotency-Key", "buy-1")
	require.Equal(t, out, again)
	require.Equal(t, out, c.read("/mgt/v1/checkout-sessions/"+out["id"].(string)))
}

func TestAStripeDeliveryIsKeptOnceAndNeverBelievedUnsigned(t *testing.T) {
	c := newCustomer(t)
	endpoint := models.NewID()
	_, err := c.st.CreateStripeEndpoint(c.ctx, c.call, endpoint, []string{"whsec_1"}, false)
	require.NoError(t, err)
	path := "/webhooks/stripe/" + keys.Encode(keys.WebhookEndpoint, endpoint)
	event := func(id string, live bool) []byte {
		raw, err := json.Marshal(object{"id": id, "object": "event", "type": "invoice.paid", "api_version": gateway.APIVersion, "livemode": live,
			"created": 1770000000, "data": object{"object": object{"id": "in_1", "object": "invoice"}}})
		require.NoError(t, err)
		return raw
	}
	first := event("evt_1", false)
	for deliveries := 1; deliveries <= 2; deliveries++ {
		status, out := c.deliver(path, first, sign(first, "whsec_1", time.Now()))
		require.Equal(t, 200, status, out)
		require.EqualValues(t, deliveries, c.read("/mgt/v1/stripe-events/evt_1")["deliveries"])
	}
	foreign := event("evt_2", true)
	status, out := c.deliver(path, foreign, sign(foreign, "whsec_1", time.Now()))
	require.Equal(t, 200, status, out)
	kept := c.read("/mgt/v1/stripe-events/evt_2")
	require.Equal(t, "ignored", kept["status"])
	require.NotEmpty(t, kept["reason"])

	last := event("evt_3", false)
	for _, signature := range []string{"", "t=1,v1=00", sign(last, "whsec_other", time.Now()), sign(last, "whsec_1", time.Now().Add(-time.Hour)),
		sign(last, "whsec_1", time.Now().Add(time.Hour))} {
		status, out = c.deliver(path, last, signature)
		require.Equal(t, 400, status, out)
		require.Equal(t, "signature_invalid", out["code"])
	}
	require.Len(t, c.walk("/mgt/v1/stripe-events?limit=1"), 2)
	status, _ = c.deliver("/webhooks/stripe/"+keys.Encode(keys.WebhookEndpoint, models.NewID()), first, sign(first, "whsec_1", time.Now()))
	require.Equal(t, 404, status)
	status, _, problem := c.send(http.MethodPost, "/mgt/v1/stripe-events/evt_2/replay", nil)
	require.Equal(t, 409, status, problem)
	require.Equal(t, 2, c.refusals("mismatch"))
	require.Equal(t, 1, c.refusals("too_old"))
	c.st.Close()
	status, out = c.deliver(path, last, sign(last, "whsec_1", time.Now()))
	require.Equal(t, 503, status, out)
}
