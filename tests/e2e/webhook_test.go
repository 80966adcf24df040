package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness"
)

const secret = example.DemoWebhookSecret

// letterbox is a scene to which nobody but the test delivers events.
type letterbox struct {
	*scene
	url string
}

// newLetterbox has an open invoice of 29.00 whose first attempt was declined.
func newLetterbox(t *testing.T, principal string) *letterbox {
	t.Helper()
	s := newScene(t, principal)
	s.sys.Fake.SetFault(declineAll)
	s.assign(t)
	require.Len(t, s.invoices(t), 1)
	require.Equal(t, "open", s.invoices(t)[0].Status)
	l := &letterbox{scene: s, url: s.sys.Base + "/webhooks/stripe/" + keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint)}
	require.NoError(t, s.sys.Fake.Drain(t.Context()))
	l.settled(t)
	s.sys.Fake.RemoveEndpoint(l.url)
	s.sys.Fake.SetFault(nil)
	return l
}

// settled waits until every event in the inbox has been looked at.
func (l *letterbox) settled(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return l.text(t, "SELECT count(*) FROM stripe_inbox WHERE status = 'received'") == "0" },
		60*time.Second, 50*time.Millisecond)
}

// invoice is the provider's id of the one invoice.
func (l *letterbox) invoice(t *testing.T) string {
	t.Helper()
	return get[struct {
		StripeInvoice string `json:"stripe_invoice"`
	}](t, l.Story, "/mgt/v1/invoices/"+l.invoices(t)[0].ID).StripeInvoice
}

// stripe asks the fake as an API client does.
func (l *letterbox) stripe(t *testing.T, method, path string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, l.sys.Stripe+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer sk_test_harness")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(raw))
	if out != nil {
		require.NoError(t, json.Unmarshal(raw, out))
	}
}

// pay lets the customer pay the invoice on the provider's page.
func (l *letterbox) pay(t *testing.T) {
	t.Helper()
	l.stripe(t, http.MethodPost, "/v1/invoices/"+l.invoice(t)+"/pay", nil)
}

// event is the provider's latest event of a type, byte for byte as it would be delivered.
func (l *letterbox) event(t *testing.T, kind string) []byte {
	t.Helper()
	var list struct{ Data []json.RawMessage }
	l.stripe(t, http.MethodGet, "/v1/events?type="+kind, &list)
	require.NotEmpty(t, list.Data, kind)
	return list.Data[0]
}

func idOf(t *testing.T, raw []byte) string {
	t.Helper()
	var e struct{ ID string }
	require.NoError(t, json.Unmarshal(raw, &e))
	return e.ID
}

// changed is an event with other values at its top level; nil removes one.
func changed(t *testing.T, raw []byte, values map[string]any) []byte {
	t.Helper()
	var e map[string]any
	require.NoError(t, json.Unmarshal(raw, &e))
	for k, v := range values {
		if e[k] = v; v == nil {
			delete(e, k)
		}
	}
	out, err := json.Marshal(e)
	require.NoError(t, err)
	return out
}

// deliver posts a body with a signature header and gives status and problem code.
func (l *letterbox) deliver(t *testing.T, url string, raw []byte, header string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if header != "" {
		req.Header.Set("Stripe-Signature", header)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var problem struct{ Code string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&problem))
	return res.StatusCode, problem.Code
}

// accept delivers a body as Stripe would.
func (l *letterbox) accept(t *testing.T, raw []byte) {
	t.Helper()
	status, code := l.deliver(t, l.url, raw, stripefake.Sign(raw, secret, time.Now()))
	require.Equal(t, http.StatusOK, status, code)
}

// refusals reads the counter of refused deliveries from /metrics.
func (l *letterbox) refusals(t *testing.T) map[string]string {
	t.Helper()
	res, err := http.Get("http://" + l.sys.Server.MetricsAddr() + "/metrics") //nolint:noctx // loopback
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	found := map[string]string{}
	for _, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, `durabill_stripe_deliveries_refused_total{reason="`); ok {
			reason, count, _ := strings.Cut(rest, `"} `)
			found[reason] = count
		}
	}
	return found
}

// text asks for one value underneath the store.
func (l *letterbox) text(t *testing.T, sql string, args ...any) string {
	t.Helper()
	conn := harness.Owner(t, l.sys.URL)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var got string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT coalesce(("+sql+")::text, '')", args...).Scan(&got), sql)
	return got
}

// row is what the inbox says of an event: status, deliveries and, if there is one, the reason.
func (l *letterbox) row(t *testing.T, id string) string {
	t.Helper()
	return strings.TrimSpace(l.text(t, "SELECT status || ' ' || deliveries || ' ' || reason FROM stripe_inbox WHERE id = $1", id))
}

// paid is what the books say of the invoice, its payments and what came in.
func (l *letterbox) paid(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("%s, %s payments, %s postings, %s cleared", l.invoices(t)[0].Status,
		l.text(t, "SELECT count(*) FROM payments WHERE status = 'succeeded'"),
		l.text(t, "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'payment/%/succeeded'"),
		l.text(t, "SELECT coalesce(trim_scale(sum(amount)), 0) FROM ledger_entries WHERE account = 'stripe_clearing'"))
}

const (
	unpaid   = "open, 0 payments, 0 postings, 0 cleared"
	paidOnce = "paid, 1 payments, 1 postings, 29 cleared"
)

// database is the name of the scene's database.
func (l *letterbox) database(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(l.sys.URL)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

// serverURL leads to the same server without the scene's database.
func (l *letterbox) serverURL(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(l.sys.URL)
	require.NoError(t, err)
	u.Path = "/postgres"
	return u.String()
}

// exec changes rows underneath the store.
func (l *letterbox) exec(t *testing.T, sql string) {
	t.Helper()
	_, err := harness.Owner(t, l.sys.URL).Exec(t.Context(), sql)
	require.NoError(t, err)
}
