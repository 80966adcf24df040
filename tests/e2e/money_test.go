package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/tests/harness/system"
)

// scene is an account on a clock of its own, with plan api-starter from the clock's first instant.
type scene struct {
	*example.Story
	sys *system.Running
	now time.Time
}

func newScene(t *testing.T, principal string) *scene {
	t.Helper()
	sys := system.Start(t)
	s := &scene{Story: &example.Story{Client: sys.Client}, sys: sys, now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	var made struct{ ID string }
	s.post(t, "/mgt/v1/test-clocks", "clock", map[string]any{"name": principal, "now": s.now}, &made)
	s.ClockID = made.ID
	s.post(t, "/mgt/v1/billing-accounts", "account", map[string]any{"principal_id": principal, "name": principal, "timezone": "Europe/Berlin",
		"test_clock_id": s.ClockID}, &made)
	s.AccountID = made.ID
	return s
}

func (s *scene) post(t *testing.T, path, key string, body, out any) {
	t.Helper()
	require.NoError(t, s.Post(context.Background(), path, key, body, out))
}

func (s *scene) to(t *testing.T, at time.Time) {
	t.Helper()
	require.NoError(t, s.Advance(context.Background(), at))
}

// assign puts the account on api-starter now and lets the first invoice take its course.
func (s *scene) assign(t *testing.T) {
	t.Helper()
	var accepted struct {
		Operation struct {
			Resource struct{ ID string }
		}
	}
	s.post(t, "/mgt/v1/plan-assignments", "assign", map[string]any{"billing_account_id": s.AccountID, "plan_code": "api-starter",
		"source_kind": "test", "source_ref": s.AccountID}, &accepted)
	s.AssignmentID = accepted.Operation.Resource.ID
	s.to(t, s.now.Add(time.Minute))
}

func (s *scene) invoices(t *testing.T) []example.InvoiceView {
	t.Helper()
	return get[page[example.InvoiceView]](t, s.Story, "/mgt/v1/invoices?billing_account_id="+s.AccountID).Data
}

// control asks the fake Stripe for what a customer or a bank would do.
func (s *scene) control(t *testing.T, path, body string) {
	t.Helper()
	res, err := http.Post(s.sys.Stripe+path, "application/json", bytes.NewBufferString(body)) //nolint:noctx // loopback
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Less(t, res.StatusCode, 300, path)
}

func (s *scene) verify(t *testing.T) {
	t.Helper()
	requireVerified(t, s.sys)
}

func TestCreditsBoughtAreGivenOnceAndUsedLast(t *testing.T) {
	s := newScene(t, "buyer")
	s.assign(t)
	var checkout struct{ ID, Status, URL string }
	buy := map[string]any{"billing_account_id": s.AccountID, "credit_type": "CREDIT", "quantity": "50", "success_url": "https://buyer.example/thanks"}
	s.post(t, "/mgt/v1/checkout-sessions", "buy", buy, &checkout)
	require.Equal(t, "open", checkout.Status)
	var again struct{ ID string }
	s.post(t, "/mgt/v1/checkout-sessions", "buy", buy, &again)
	require.Equal(t, checkout.ID, again.ID)

	session := get[struct {
		StripeSession string `json:"stripe_session"`
	}](t, s.Story, "/mgt/v1/checkout-sessions/"+checkout.ID).StripeSession
	s.control(t, "/_fake/checkout/sessions/"+session+"/complete", `{}`)
	require.Eventually(t, func() bool {
		return get[struct{ Status string }](t, s.Story, "/mgt/v1/checkout-sessions/"+checkout.ID).Status == "complete"
	}, 60*time.Second, 50*time.Millisecond)
	events := get[page[struct{ ID, Type string }]](t, s.Story, "/mgt/v1/stripe-events?type=checkout.session.completed").Data
	require.Len(t, events, 1)
	s.control(t, "/_fake/events/"+events[0].ID+"/deliver", `{}`)

	balance := get[example.BalanceView](t, s.Story, "/v1/balance?principal_id=buyer").Balances
	require.Len(t, balance, 1)
	requireEqual(t, "70", balance[0].Spendable, "20 of the plan and 50 bought")
	// The plan's lot ends first, so it goes first: 30 used are its 20 and 10 of those that were paid for.
	s.use(t, "buyer", "3000000")
	s.to(t, s.now.Add(2*time.Minute))
	lots := get[page[struct{ Source, Remaining string }]](t, s.Story, "/mgt/v1/grants?billing_account_id="+s.AccountID+"&status=active").Data
	require.Len(t, lots, 1)
	require.Equal(t, "purchase", lots[0].Source)
	requireEqual(t, "40", lots[0].Remaining, "of the bought lot")
	// Ten of fifty euros are earned by use; forty are still owed in credits.
	requireLedger(t, s, "revenue:usage", "-10")
	requireLedger(t, s, "deferred_revenue", "-69")
	s.verify(t)
}

func (s *scene) use(t *testing.T, principal, quantity string) {
	t.Helper()
	meters := []map[string]any{{"meter_code": "api_requests", "quantity": quantity}}
	var granted struct {
		Decision string
		Lease    struct{ Token string }
	}
	s.post(t, "/v1/authorize", "use-"+quantity, map[string]any{"principal_id": principal, "feature_code": "api.requests", "meters": meters}, &granted)
	require.Equal(t, "allow", granted.Decision)
	s.post(t, "/v1/commit", "use-"+quantity, map[string]any{"lease_token": granted.Lease.Token, "meters": meters}, nil)
}

func requireLedger(t *testing.T, s *scene, account, want string) {
	t.Helper()
	rows := get[page[struct{ Balance example.Money }]](t, s.Story, "/mgt/v1/ledger/accounts?account="+account).Data
	require.Len(t, rows, 1, account)
	requireEqual(t, want, rows[0].Balance.Amount, account)
}

func TestADeclinedCardLeavesTheInvoiceOpenAndALaterPaymentClosesIt(t *testing.T) {
	s := newScene(t, "decliner")
	s.sys.Fake.SetFault(declineAll)
	s.assign(t)
	invoices := s.invoices(t)
	require.Len(t, invoices, 1)
	require.Equal(t, "open", invoices[0].Status)
	payments := get[page[struct {
		Status      string
		DeclineCode string `json:"decline_code"`
	}]](t, s.Story, "/mgt/v1/payments?invoice_id="+invoices[0].ID).Data
	require.Len(t, payments, 1)
	require.Equal(t, "failed", payments[0].Status)
	requireLedger(t, s, "ar:"+s.AccountID, "29")

	// The customer pays on the provider's page; only the event tells us.
	s.sys.Fake.SetFault(nil)
	ref := get[struct {
		StripeInvoice string `json:"stripe_invoice"`
	}](t, s.Story, "/mgt/v1/invoices/"+invoices[0].ID).StripeInvoice
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.sys.Stripe+"/v1/invoices/"+ref+"/pay", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer sk_test_harness")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Eventually(t, func() bool { return s.invoices(t)[0].Status == "paid" }, 60*time.Second, 50*time.Millisecond)
	requireLedger(t, s, "ar:"+s.AccountID, "0")
	requireLedger(t, s, "stripe_clearing", "29")
	s.verify(t)
}

func TestACancellationEndsWithItsPeriodOrNow(t *testing.T) {
	for when, end := range map[string]time.Time{
		"period_end": time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		"now":        time.Date(2026, 5, 16, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(when, func(t *testing.T) {
			s := newScene(t, "leaver")
			s.assign(t)
			s.to(t, time.Date(2026, 5, 16, 0, 0, 0, 0, time.UTC))
			s.use(t, "leaver", "2500000")
			s.post(t, fmt.Sprintf("/mgt/v1/plan-assignments/%s/cancel", s.AssignmentID), "cancel", map[string]any{"when": when}, nil)
			s.to(t, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
			a := get[struct {
				Status string
				EndAt  time.Time `json:"end_at"`
			}](t, s.Story, "/mgt/v1/plan-assignments/"+s.AssignmentID)
			require.Equal(t, "ended", a.Status)
			require.Equal(t, end, a.EndAt)
			invoices := s.invoices(t)
			require.Len(t, invoices, 2, "the fee at the start, the overage at the end, and nothing after it")
			total := dec(t, invoices[0].Total.Amount).Add(dec(t, invoices[1].Total.Amount))
			require.Equal(t, "34", total.String())
			requireLedger(t, s, "unbilled:"+s.AccountID, "0")
			if when == "now" {
				// Half of May is unused: 1,382,400 of 2,678,400 seconds of 29.00 are 14.97 of account credit, of which the overage takes 5.00.
				requireLedger(t, s, "account_credit:"+s.AccountID, "-9.97")
				requireLedger(t, s, "revenue:fees", "-14.03")
			} else {
				requireLedger(t, s, "revenue:fees", "-29")
			}
			denied := struct{ Decision, Reason string }{}
			s.post(t, "/v1/authorize", "after", map[string]any{"principal_id": "leaver", "feature_code": "api.requests",
				"meters": []map[string]any{{"meter_code": "api_requests", "quantity": "1"}}}, &denied)
			require.Equal(t, "deny", denied.Decision)
			require.Equal(t, "feature_not_entitled", denied.Reason)
			s.verify(t)
		})
	}
}

// declineAll is a bank that refuses every card.
func declineAll(r *http.Request) stripefake.Fault {
	if r.Method == http.MethodPost {
		return stripefake.Decline
	}
	return stripefake.NoFault
}
