package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/tests/harness"
)

const mebibyte = 1 << 20

// padded is an event of exactly so many bytes.
func padded(t *testing.T, raw []byte, size int) []byte {
	t.Helper()
	bare := changed(t, raw, map[string]any{"pad": ""})
	out := changed(t, raw, map[string]any{"pad": strings.Repeat("x", size-len(bare))})
	require.Len(t, out, size)
	return out
}

func TestADeliveryThatCannotBeBelievedIsRefusedCountedAndLeavesNoTrace(t *testing.T) {
	l := newLetterbox(t, "abused")
	l.pay(t)
	raw := l.event(t, "invoice.paid")
	now := time.Now()
	good := stripefake.Sign(raw, secret, now)
	signed := func(body []byte) string { return stripefake.Sign(body, secret, now) }
	stamp, valid, _ := strings.Cut(good, ",")
	other := strings.TrimPrefix(stripefake.Sign(raw, "whsec_of_another_realm", now), stamp+",")
	noData := changed(t, raw, map[string]any{"data": nil})
	nullObject := changed(t, raw, map[string]any{"data": map[string]any{"object": nil}})
	noID := changed(t, raw, map[string]any{"id": nil})
	badID := changed(t, raw, map[string]any{"id": "evt_\u0000"})
	never := changed(t, raw, map[string]any{"created": 1 << 60})
	unknown := l.sys.Base + "/webhooks/stripe/" + keys.Encode(keys.WebhookEndpoint, models.NewID())
	cases := []struct {
		name   string
		url    string
		body   []byte
		header string
		status int
		code   string
		reason string
	}{
		{"no signature", l.url, raw, "", 400, "signature_invalid", "missing"},
		{"a header that says nothing", l.url, raw, "nonsense", 400, "signature_invalid", "malformed"},
		{"no time", l.url, raw, valid, 400, "signature_invalid", "malformed"},
		{"two times", l.url, raw, stamp + "," + good, 400, "signature_invalid", "malformed"},
		{"only the scheme v0", l.url, raw, strings.Replace(good, "v1=", "v0=", 1), 400, "signature_invalid", "malformed"},
		{"the secret of another", l.url, raw, stamp + "," + other, 400, "signature_invalid", "mismatch"},
		{"two signatures, both wrong", l.url, raw, stamp + "," + other + "," + other[:len(other)-2] + "00", 400, "signature_invalid", "mismatch"},
		{"a body changed after signing", l.url, changed(t, raw, map[string]any{"livemode": true}), good, 400, "signature_invalid", "mismatch"},
		{"a time changed after signing", l.url, raw, "t=" + strconv.FormatInt(now.Unix()+1, 10) + "," + valid, 400, "signature_invalid", "mismatch"},
		{"an old forgery", l.url, raw, stripefake.Sign(raw, "whsec_of_another_realm", now.Add(-time.Hour)), 400, "signature_invalid", "mismatch"},
		{"301 seconds old", l.url, raw, stripefake.Sign(raw, secret, now.Add(-301*time.Second)), 400, "signature_invalid", "too_old"},
		{"90 seconds ahead", l.url, raw, stripefake.Sign(raw, secret, now.Add(90*time.Second)), 400, "signature_invalid", "in_future"},
		{"ten years ahead", l.url, raw, stripefake.Sign(raw, secret, now.AddDate(10, 0, 0)), 400, "signature_invalid", "in_future"},
		{"no body", l.url, nil, signed(nil), 400, "malformed_json", "malformed_json"},
		{"a body that is no JSON", l.url, []byte("hello"), signed([]byte("hello")), 400, "signature_invalid", "malformed"},
		{"a body that is no object", l.url, []byte("[]"), signed([]byte("[]")), 400, "signature_invalid", "malformed"},
		{"no id", l.url, noID, signed(noID), 400, "signature_invalid", "malformed"},
		{"an id that is none", l.url, badID, signed(badID), 400, "signature_invalid", "malformed"},
		{"made at no time", l.url, never, signed(never), 400, "signature_invalid", "malformed"},
		{"no data", l.url, noData, signed(noData), 400, "signature_invalid", "no_data"},
		{"no object", l.url, nullObject, signed(nullObject), 400, "signature_invalid", "no_data"},
		{"one byte over a mebibyte", l.url, padded(t, raw, mebibyte+1), signed(padded(t, raw, mebibyte+1)), 400, "delivery_too_large", "too_large"},
		{"an endpoint that is not there", unknown, raw, good, 404, "not_found", "unknown_endpoint"},
		{"an endpoint that is no id", l.sys.Base + "/webhooks/stripe/whe_1", raw, good, 404, "not_found", "unknown_endpoint"},
	}
	want := map[string]int{}
	before := l.text(t, "SELECT count(*) || ' ' || sum(deliveries) FROM stripe_inbox")
	for _, c := range cases {
		status, code := l.deliver(t, c.url, c.body, c.header)
		require.Equal(t, c.status, status, c.name)
		require.Equal(t, c.code, code, c.name)
		want[c.reason]++
		require.Equal(t, strconv.Itoa(want[c.reason]), l.refusals(t)[c.reason], c.name)
	}
	require.Equal(t, before, l.text(t, "SELECT count(*) || ' ' || sum(deliveries) FROM stripe_inbox"))
	require.Equal(t, unpaid, l.paid(t))

	// The same event, properly signed, is good all the same: refusing spends nothing.
	for _, header := range []string{good, stamp + "," + other + "," + valid, "t=" + strings.TrimPrefix(stamp, "t=") + ",v0=00," + valid} {
		status, code := l.deliver(t, l.url, raw, header)
		require.Equal(t, http.StatusOK, status, code)
	}
	l.settled(t)
	require.Equal(t, "done 3", l.row(t, idOf(t, raw)))
	require.Equal(t, paidOnce, l.paid(t))
	l.verify(t)
}

func TestAVerifiedDeliveryIsOneRowWhateverItSaysAndOnlyOursHasAnEffect(t *testing.T) {
	l := newLetterbox(t, "odd")
	l.pay(t)
	raw := l.event(t, "invoice.paid")
	object := l.invoice(t)
	odd := func(id string, values map[string]any) []byte {
		values["id"] = id
		return changed(t, raw, values)
	}
	for id, c := range map[string]struct {
		body []byte
		row  string
	}{
		"evt_livemode":  {odd("evt_livemode", map[string]any{"livemode": true}), "ignored 2 livemode is the other one"},
		"evt_connected": {odd("evt_connected", map[string]any{"account": "acct_other"}), "ignored 2 of a connected account"},
		"evt_type":      {odd("evt_type", map[string]any{"type": "invoice.sealed"}), "ignored 2 type not handled"},
		"evt_foreign":   {odd("evt_foreign", map[string]any{"data": map[string]any{"object": map[string]any{"id": l.foreign(t, ""), "object": "invoice"}}}), "ignored 2 invoice is not ours"},
	} {
		l.accept(t, c.body)
		l.accept(t, c.body)
		l.settled(t)
		require.Equal(t, c.row, l.row(t, id))
	}
	require.Equal(t, unpaid, l.paid(t))

	// An event of a newer version has nothing in the places that ours reads; its object is fetched in our version.
	newer := odd("evt_newer", map[string]any{"api_version": "2026-08-26.dahlia", "data": map[string]any{"object": map[string]any{"id": object, "object": "invoice"}}})
	l.accept(t, newer)
	l.settled(t)
	require.Equal(t, "done 1", l.row(t, "evt_newer"))
	require.Equal(t, "2026-08-26.dahlia", l.text(t, "SELECT api_version FROM stripe_inbox WHERE id = 'evt_newer'"))
	require.Equal(t, paidOnce, l.paid(t))

	// The same id with another body is a delivery of the first one.
	l.accept(t, odd("evt_type", map[string]any{"data": map[string]any{"object": map[string]any{"id": object, "object": "invoice"}}}))
	l.accept(t, odd("evt_type", map[string]any{"type": "charge.refunded"}))
	l.settled(t)
	require.Equal(t, "ignored 4 type not handled", l.row(t, "evt_type"))
	require.Equal(t, "invoice.sealed", l.text(t, "SELECT type FROM stripe_inbox WHERE id = 'evt_type'"))

	// What JSON allows and a database may not, and a body as large as may be: kept like any other.
	for id, body := range map[string][]byte{
		"evt_nul":       odd("evt_nul", map[string]any{"pad": "\u0000"}),
		"evt_surrogate": bytes.Replace(odd("evt_surrogate", map[string]any{"pad": "here"}), []byte(`"here"`), []byte(`"\ud800"`), 1),
		"evt_number":    bytes.Replace(odd("evt_number", map[string]any{"pad": "here"}), []byte(`"here"`), []byte("1e999999"), 1),
		"evt_latin":     bytes.Replace(odd("evt_latin", map[string]any{"pad": "here"}), []byte("here"), []byte{0xE9}, 1),
		"evt_large":     padded(t, odd("evt_large", map[string]any{}), mebibyte),
	} {
		l.accept(t, body)
		l.settled(t)
		require.Equal(t, "done 1", l.row(t, id))
	}
	require.Equal(t, paidOnce, l.paid(t))
	require.Empty(t, l.refusals(t))
	l.verify(t)
}

// foreign is a paid invoice that somebody else made in the same Stripe account.
func (l *letterbox) foreign(t *testing.T, more string) string {
	t.Helper()
	var customers struct{ Data []struct{ ID string } }
	l.stripe(t, http.MethodGet, "/v1/customers", &customers)
	require.Len(t, customers.Data, 1)
	var made struct{ ID string }
	l.form(t, "/v1/invoices", "currency=eur&customer="+customers.Data[0].ID+more, &made)
	l.form(t, "/v1/invoiceitems", "amount=2900&currency=eur&customer="+customers.Data[0].ID+"&invoice="+made.ID, nil)
	l.form(t, "/v1/invoices/"+made.ID+"/finalize", "", nil)
	l.form(t, "/v1/invoices/"+made.ID+"/pay", "", nil)
	return made.ID
}

func (l *letterbox) form(t *testing.T, path, form string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.sys.Stripe+path, strings.NewReader(form))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer sk_test_harness")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	if out != nil {
		require.NoError(t, json.NewDecoder(res.Body).Decode(out))
	}
}

func TestWhileTheDatabaseIsAwayStripeIsToldToComeBackAndDoes(t *testing.T) {
	l := newLetterbox(t, "outage")
	owner := harness.Owner(t, l.serverURL(t))
	allow := func(yes string) {
		_, err := owner.Exec(t.Context(), "ALTER DATABASE "+l.database(t)+" ALLOW_CONNECTIONS "+yes)
		require.NoError(t, err)
	}
	allow("false")
	_, err := owner.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", l.database(t))
	require.NoError(t, err)

	l.sys.Fake.SetEndpoint(l.url, example.DemoWebhookSecret)
	var open struct{ Data []struct{ ID string } }
	l.stripe(t, http.MethodGet, "/v1/invoices?status=open", &open)
	require.Len(t, open.Data, 1)
	l.stripe(t, http.MethodPost, "/v1/invoices/"+open.Data[0].ID+"/pay", nil)
	raw := l.event(t, "invoice.paid")
	status, code := l.deliver(t, l.url, raw, stripefake.Sign(raw, secret, time.Now()))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "unavailable", code)
	require.Eventually(t, func() bool { return l.failedDelivery(t) }, 30*time.Second, 50*time.Millisecond)

	allow("true")
	require.NoError(t, l.sys.Fake.Drain(t.Context()))
	l.settled(t)
	require.Equal(t, "done 1", l.row(t, idOf(t, raw)), "Stripe's retry; what got 503 was not kept")
	require.Equal(t, paidOnce, l.paid(t))
	require.Empty(t, l.refusals(t))
	l.verify(t)
}

// failedDelivery says whether the fake has been told 503.
func (l *letterbox) failedDelivery(t *testing.T) bool {
	t.Helper()
	var list struct{ Data []struct{ Answer string } }
	l.stripe(t, http.MethodGet, "/_fake/deliveries", &list)
	for _, d := range list.Data {
		if d.Answer == "503" {
			return true
		}
	}
	return false
}
