// Package e2e_test plays whole stories through REST on the running system: Postgres, Temporal, worker, router and a fake Stripe.
package e2e_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness/system"
)

func TestAcmeIsBilledThroughTwoMonthsToTheCent(t *testing.T) {
	sys := system.Start(t)
	story, err := example.Play(t.Context(), sys.Client, func(step string) { t.Log(step) })
	require.NoError(t, err)

	t.Run("its boundaries keep the 31st at midnight in Berlin", func(t *testing.T) { requireBoundaries(t, story) })
	t.Run("its three invoices are paid", func(t *testing.T) { requireInvoices(t, story) })
	t.Run("its books say what was used, earned and owed", func(t *testing.T) { requireBooks(t, story) })
	t.Run("the third pair straddles the lot", func(t *testing.T) { requireStraddle(t, story) })
	t.Run("explain proves February", func(t *testing.T) { requireExplained(t, story) })
	t.Run("usage without a price is kept and shown", func(t *testing.T) { requireQuarantined(t, story) })
	t.Run("one payment was made for each invoice", func(t *testing.T) { requirePaidOnce(t, sys, story) })
	t.Run("telling it again bills nothing twice", func(t *testing.T) { requireTheSameTwice(t, sys, story) })
	t.Run("every invariant holds", func(t *testing.T) { requireVerified(t, sys) })
}

func dec(t *testing.T, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(s)
	require.NoError(t, err)
	return d
}

func requireEqual(t *testing.T, want, got string, what string) {
	t.Helper()
	require.True(t, dec(t, want).Equal(dec(t, got)), "%s: want %s, got %s", what, want, got)
}

func get[T any](t *testing.T, s *example.Story, path string) T {
	t.Helper()
	var out T
	require.NoError(t, s.Get(context.Background(), path, &out))
	return out
}

type page[T any] struct{ Data []T }

func requireBoundaries(t *testing.T, s *example.Story) {
	periods := get[page[struct {
		Index  int
		Start  time.Time `json:"start_at"`
		End    time.Time `json:"end_at"`
		Status string
	}]](t, s, "/mgt/v1/billing-periods?billing_account_id="+s.AccountID).Data
	require.Len(t, periods, 3)
	boundaries := []string{"2026-01-30T23:00:00Z", "2026-02-27T23:00:00Z", "2026-03-30T22:00:00Z", "2026-04-29T22:00:00Z"}
	hours, status := []float64{672, 743, 720}, []string{"closed", "closed", "open"}
	for _, p := range periods {
		require.Equal(t, boundaries[p.Index], p.Start.Format(time.RFC3339))
		require.Equal(t, boundaries[p.Index+1], p.End.Format(time.RFC3339))
		require.InDelta(t, hours[p.Index], p.End.Sub(p.Start).Hours(), 0)
		require.Equal(t, status[p.Index], p.Status)
	}
}

func requireInvoices(t *testing.T, s *example.Story) {
	billed, err := s.Billed(context.Background())
	require.NoError(t, err)
	require.Len(t, billed.Invoices, 3)
	for i, want := range []struct{ total, finalized string }{
		{"29.00", "2026-01-30T23:00:00Z"}, {"44.00", "2026-02-28T00:00:00Z"}, {"29.00", "2026-03-30T23:00:00Z"},
	} {
		got := billed.Invoices[i]
		requireEqual(t, want.total, got.Total.Amount, got.Number)
		require.Equal(t, "EUR", got.Total.Currency)
		require.Equal(t, want.finalized, got.FinalizedAt.Format(time.RFC3339))
		require.Equal(t, "paid", got.Status)
	}
	require.Len(t, billed.Invoices[0].Lines, 1)
	requireUsageLine(t, billed.Invoices[1], [4]string{"3500000", "20", "15", "15.00"})
	requireUsageLine(t, billed.Invoices[2], [4]string{"1250000", "12.5", "0", "0.00"})
}

// requireUsageLine wants one usage line with quantity, covered, overage and amount, beside the fee of 29.00.
func requireUsageLine(t *testing.T, inv example.InvoiceView, want [4]string) {
	t.Helper()
	require.Len(t, inv.Lines, 2)
	for _, l := range inv.Lines {
		if l.Kind == "fee" {
			requireEqual(t, "29.00", l.Amount.Amount, "fee")
			continue
		}
		requireEqual(t, want[0], l.Quantity, "quantity")
		requireEqual(t, want[1], l.Covered.Amount, "covered")
		requireEqual(t, want[2], l.Overage.Amount, "overage")
		requireEqual(t, want[3], l.Amount.Amount, "amount")
	}
}

func requireBooks(t *testing.T, s *example.Story) {
	type account struct {
		Account string
		Balance example.Money
	}
	balances := map[string]string{}
	for _, a := range get[page[account]](t, s, "/mgt/v1/ledger/accounts").Data {
		balances[a.Account+" "+a.Balance.Currency] = a.Balance.Amount
	}
	ba := s.AccountID
	// Debit is positive: what was issued came out of credits_issued, what is left stands to the wallet's credit.
	for name, want := range map[string]string{
		"credits_issued CREDIT": "60", "credits_used CREDIT": "-32.5", "breakage CREDIT": "-7.5", "wallet:" + ba + " CREDIT": "-20",
		"stripe_clearing EUR": "102", "ar:" + ba + " EUR": "0", "unbilled:" + ba + " EUR": "0", "revenue:usage EUR": "-15",
		"revenue:fees EUR": "-58", "deferred_revenue EUR": "-29",
	} {
		require.Contains(t, balances, name)
		requireEqual(t, want, balances[name], name)
	}
	for _, l := range get[page[struct{ Currency, Balance string }]](t, s, "/mgt/v1/ledger/trial-balance").Data {
		requireEqual(t, "0", l.Balance, l.Currency)
	}
	balance := get[example.BalanceView](t, s, "/v1/balance?principal_id=acme").Balances
	require.Len(t, balance, 1)
	requireEqual(t, "20", balance[0].Spendable, "spendable")
	requireEqual(t, "0", balance[0].Held, "held")
}

type ratingView struct {
	ID          string
	Quantity    string
	PriceID     string `json:"price_id"`
	Before      string
	Amount      example.Money
	Covered     example.Money
	Overage     example.Money
	EffectiveAt time.Time `json:"effective_at"`
	Allocations []struct {
		Kind    string
		GrantID string `json:"grant_id"`
		Amount  example.Money
	}
	Settlement struct {
		TransactionID string `json:"ledger_transaction_id"`
	}
	Invoice struct {
		LineID string `json:"line_id"`
	}
}

func requireStraddle(t *testing.T, s *example.Story) {
	ratings := get[page[ratingView]](t, s, "/mgt/v1/ratings?limit=200&billing_account_id="+s.AccountID).Data
	for _, r := range ratings {
		if r.Before != "1400000" || r.Quantity != "700000" {
			continue
		}
		require.Len(t, r.Allocations, 2)
		require.Equal(t, "lot", r.Allocations[0].Kind)
		requireEqual(t, "6", r.Allocations[0].Amount.Amount, "from the lot")
		require.Equal(t, "overage", r.Allocations[1].Kind)
		requireEqual(t, "1", r.Allocations[1].Amount.Amount, "beyond it")
		return
	}
	t.Fatal("no rating begins at 1,400,000")
}

func requireExplained(t *testing.T, s *example.Story) {
	type chain struct {
		Source struct{ Kind, ID string }
		Rating ratingView
		Price  struct{ ID string }
		Ledger struct {
			ID      string
			Entries []struct{ Account string }
		}
		Line    struct{ ID string } `json:"invoice_line"`
		Invoice struct{ Number string }
	}
	e := get[struct {
		Answer string
		Plans  []struct {
			PlanCode    string `json:"plan_code"`
			PlanVersion int    `json:"plan_version"`
			Terms       string
		}
		Funding []struct{ Spent example.Money }
		Overage []struct{ Amount example.Money }
		Ratings []chain
	}](t, s, "/mgt/v1/billing-accounts/"+s.AccountID+"/explain?at=2026-02-10T12:00:00Z")
	require.Equal(t, "api-starter", e.Plans[0].PlanCode)
	require.Equal(t, 1, e.Plans[0].PlanVersion)
	require.Equal(t, "default", e.Plans[0].Terms)
	require.Len(t, e.Funding, 1)
	requireEqual(t, "20", e.Funding[0].Spent.Amount, "spent")
	require.Len(t, e.Overage, 1)
	requireEqual(t, "8", e.Overage[0].Amount.Amount, "overage so far")
	require.Len(t, e.Ratings, 4)
	for _, c := range e.Ratings {
		require.Equal(t, "commit", c.Source.Kind)
		require.NotEmpty(t, c.Source.ID)
		require.Equal(t, c.Price.ID, c.Rating.PriceID)
		require.NotEmpty(t, c.Rating.Allocations)
		require.Equal(t, c.Ledger.ID, c.Rating.Settlement.TransactionID)
		require.NotEmpty(t, c.Ledger.Entries)
		require.Equal(t, c.Line.ID, c.Rating.Invoice.LineID)
		require.Equal(t, "INV-000002", c.Invoice.Number)
	}
}

func requireQuarantined(t *testing.T, s *example.Story) {
	items := get[page[struct {
		MeterCode string `json:"meter_code"`
		Reason    string
		Quantity  string
	}]](t, s, "/mgt/v1/quarantine?billing_account_id="+s.AccountID).Data
	require.Len(t, items, 1)
	require.Equal(t, "ai_compute", items[0].MeterCode)
	require.Equal(t, "pricing.not_configured", items[0].Reason)
	requireEqual(t, "3600", items[0].Quantity, "quantity")
}

func requirePaidOnce(t *testing.T, sys *system.Running, s *example.Story) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	require.NoError(t, sys.Fake.Drain(ctx))
	payments := get[page[struct {
		Status string
		Amount example.Money
	}]](t, s, "/mgt/v1/payments?billing_account_id="+s.AccountID).Data
	require.Len(t, payments, 3)
	sum := decimal.Zero
	for _, p := range payments {
		require.Equal(t, "succeeded", p.Status)
		sum = sum.Add(dec(t, p.Amount.Amount))
	}
	require.Equal(t, "102", sum.String())
	// Every event that told of them has been heard, and changed nothing.
	require.Eventually(t, func() bool {
		events := get[page[struct{ Type, Status string }]](t, s, "/mgt/v1/stripe-events?limit=200").Data
		done := map[string]int{}
		for _, e := range events {
			if e.Status == "received" {
				return false
			}
			done[e.Type+" "+e.Status]++
		}
		return done["invoice.paid done"] == 3 && done["invoice.payment_succeeded done"] == 3
	}, 60*time.Second, 100*time.Millisecond)
	require.Len(t, get[page[struct{ ID string }]](t, s, "/mgt/v1/payments?billing_account_id="+s.AccountID).Data, 3)
}

func requireTheSameTwice(t *testing.T, sys *system.Running, first *example.Story) {
	before, err := first.Billed(context.Background())
	require.NoError(t, err)
	again, err := example.Play(context.Background(), sys.Client, nil)
	require.NoError(t, err)
	require.Equal(t, first.AccountID, again.AccountID)
	after, err := again.Billed(context.Background())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func requireVerified(t *testing.T, sys *system.Running) {
	report, err := sys.Server.Store().Verify(context.Background(), sys.Call)
	require.NoError(t, err)
	require.Len(t, report.Findings, len(store.Invariants()))
	for _, f := range report.Findings {
		require.Empty(t, f.Violations, "%s %s", f.ID, f.Title)
	}
}

func TestTheSystemIsReadyOnlyWhenItsPartsAre(t *testing.T) {
	sys := system.Start(t)
	require.Eventually(t, func() bool {
		res, err := http.Get(sys.Base + "/readyz") //nolint:noctx // a probe
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 60*time.Second, 100*time.Millisecond)
}
