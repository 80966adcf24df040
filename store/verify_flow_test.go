package store_test

import (
	"crypto/sha256"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// flow drives one account through the store's own decisions, in the order in which workflows would take them, and looks at
// every invariant after each.
type flow struct {
	*catalog
	clock      models.TestClock
	account    models.BillingAccount
	assignment models.PlanAssignment
	calls      int
}

// newFlow begins a flow whose meter costs this much per 100,000.
func newFlow(t *testing.T, price string) *flow {
	t.Helper()
	f := &flow{catalog: newCatalog(t)}
	f.price("CREDIT", price, day("2026-01-01T00:00:00Z"))
	_, err := f.st.CreateCreditValue(f.ctx, f.call, store.NewCreditValue{CreditTypeID: f.credit.ID, Currency: "EUR", Value: dec("1"),
		EffectiveAt: ptr(day("2026-01-01T00:00:00Z"))})
	require.NoError(t, err)
	nothing := f.publish(f.plan("free", free()))
	_, err = f.st.SetFreePlan(f.ctx, f.call, store.FreePlan{PricingModelID: f.model.ID, PlanID: nothing.ID})
	require.NoError(t, err)
	plan := f.publish(f.plan("starter", starter()))
	f.clock, err = f.st.CreateClock(f.ctx, f.call, "clock", created)
	require.NoError(t, err)
	f.account, err = f.st.CreateAccount(f.ctx, f.call, store.NewAccount{PrincipalID: "acme", Name: "Acme", Timezone: "Europe/Berlin",
		PricingModel: &f.model.ID, TestClock: &f.clock.ID})
	require.NoError(t, err)
	assigned, err := f.st.AssignPlan(f.ctx, f.call, store.NewAssignment{Account: f.account.ID, Plan: plan.ID, SourceKind: "api", SourceRef: "a",
		Start: &boundaries[0]})
	require.NoError(t, err)
	f.assignment = assigned.Assignment
	f.sound()
	return f
}

func (f *flow) sound() {
	f.t.Helper()
	report, err := f.st.Verify(f.ctx, f.call)
	require.NoError(f.t, err)
	for _, finding := range report.Findings {
		require.Empty(f.t, finding.Violations, "%s %s", finding.ID, finding.Title)
	}
}

// to moves the clock and takes every turn and issuance that is due.
func (f *flow) to(at time.Time) {
	f.t.Helper()
	require.NoError(f.t, f.st.InRealm(f.ctx, f.call, "UPDATE test_clocks SET now_at = ?, target_at = ?", at, at))
	for {
		turn, err := f.st.NextTurn(f.ctx, f.call, f.assignment.ID)
		require.NoError(f.t, err)
		if turn.Kind == store.TurnOver || turn.DueAt.After(at) {
			break
		}
		require.NoError(f.t, f.st.TakeTurn(f.ctx, f.call, f.assignment.ID, turn))
		f.sound()
	}
	for {
		next, err := f.st.NextIssuance(f.ctx, f.call, f.assignment.ID, "monthly")
		require.NoError(f.t, err)
		if next.Over || next.DueAt.After(at) {
			break
		}
		require.NoError(f.t, f.st.IssueLot(f.ctx, f.call, f.assignment.ID, "monthly", next.Index))
		f.sound()
	}
}

func (f *flow) ask(quantity string) (gate.MeterQuantity, string, []byte) {
	f.calls++
	key := "k" + strconv.Itoa(f.calls)
	hash := sha256.Sum256([]byte(key))
	return gate.MeterQuantity{MeterCode: f.meter.Code, Quantity: dec(quantity)}, key, hash[:]
}

func (f *flow) authorize(quantity string) store.Authorized {
	f.t.Helper()
	m, key, hash := f.ask(quantity)
	out, err := f.st.Authorize(f.ctx, f.call, store.Ask{Account: f.account.ID, FeatureCode: f.feature.Code, Meters: []gate.MeterQuantity{m},
		TTL: time.Minute, Key: key, Hash: hash, Secret: []byte("secret")})
	require.NoError(f.t, err)
	require.True(f.t, out.Decision.Allow, out.Decision.Reason)
	f.sound()
	return out
}

func (f *flow) commit(lease store.Authorized, quantity string, last bool) store.Committed {
	f.t.Helper()
	m, key, hash := f.ask(quantity)
	out, err := f.st.CommitLease(f.ctx, f.call, store.Use{Token: lease.Token, Meters: []gate.MeterQuantity{m}, Close: last, Key: key, Hash: hash})
	require.NoError(f.t, err)
	f.sound()
	return out
}

func (f *flow) pair(quantity string) { f.t.Helper(); f.commit(f.authorize(quantity), quantity, true) }

func (f *flow) buy(quantity, payment string) {
	f.t.Helper()
	c, err := f.st.OpenCheckout(f.ctx, f.call, store.NewCheckout{Account: f.account.ID, Asset: "CREDIT", Quantity: dec(quantity), SuccessURL: "https://x"})
	require.NoError(f.t, err)
	_, err = f.st.CompleteCheckout(f.ctx, f.call, store.Purchase{Checkout: c.ID, Session: "cs_" + payment, Payment: payment,
		Amount: money.Amount{Value: c.Amount, Asset: c.Currency}})
	require.NoError(f.t, err)
	f.sound()
}

func (f *flow) report(quantity string, at time.Time) {
	f.t.Helper()
	m, key, hash := f.ask(quantity)
	_, err := f.st.RecordUsage(f.ctx, f.call, store.Report{Account: f.account.ID, Meters: []gate.MeterQuantity{m}, OccurredAt: &at, Key: key, Hash: hash})
	require.NoError(f.t, err)
	f.sound()
}

func (f *flow) work() {
	f.t.Helper()
	_, err := f.st.RateUsage(f.ctx, f.call, f.account.ID, 100)
	require.NoError(f.t, err)
	f.sound()
	_, err = f.st.SettleRatings(f.ctx, f.call, f.account.ID, 100)
	require.NoError(f.t, err)
	f.sound()
}

// run bills the boundary and gives the totals of what it finalised and was paid.
func (f *flow) run(boundary time.Time) []string {
	f.t.Helper()
	_, err := f.st.FreezeRun(f.ctx, f.call, f.account.ID, boundary)
	require.NoError(f.t, err)
	f.work()
	closed, err := f.st.CloseRun(f.ctx, f.call, f.account.ID, boundary)
	require.NoError(f.t, err)
	require.Zero(f.t, closed.Pending)
	f.sound()
	var totals []string
	for _, id := range closed.Invoices {
		totals = append(totals, f.collect(id))
	}
	return totals
}

func (f *flow) collect(id uuid.UUID) string {
	f.t.Helper()
	inv, err := f.st.FinalizeInvoice(f.ctx, f.call, id)
	require.NoError(f.t, err)
	f.sound()
	if inv.Status == models.InvoicePaid {
		require.True(f.t, inv.AmountDue().IsZero())
		return "0"
	}
	applied, err := f.st.RecordPayment(f.ctx, f.call, store.Paid{Invoice: id, Object: "in_" + *inv.Number, Ref: "pi_" + *inv.Number,
		Amount: money.Amount{Value: inv.AmountDue(), Asset: inv.Currency}})
	require.NoError(f.t, err)
	require.True(f.t, applied)
	f.sound()
	return inv.Total.String()
}

func TestTwoBilledMonthsKeepEveryInvariantAtEveryStep(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	require.Equal(t, []string{"29"}, f.run(boundaries[0]))
	f.to(instant("2026-02-05T00:00"))
	for range 4 {
		f.pair("700000")
	}
	open := f.authorize("100000")
	_, err := f.st.ReleaseLease(f.ctx, f.call, open.Token)
	require.NoError(t, err)
	f.work()
	f.to(instant("2026-02-27T23:30"))
	f.report("700000", instant("2026-02-27T22:00"))
	f.report("250000", boundaries[1])
	f.work()
	f.to(instant("2026-02-28T00:00"))
	require.Equal(t, []string{"44"}, f.run(boundaries[1]))
	f.to(instant("2026-03-10T00:00"))
	for range 4 {
		f.pair("250001.00000000001")
	}
	f.to(instant("2026-03-30T23:00"))
	require.Equal(t, []string{"29"}, f.run(boundaries[2]))
}

func TestAnAssignmentCanceledNowKeepsEveryInvariant(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(instant("2026-02-05T00:00"))
	f.pair("700000")
	_, err := f.st.CancelAssignment(f.ctx, f.call, f.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	f.to(instant("2026-02-05T00:00"))
	f.to(instant("2026-02-05T01:00"))
	// The usage of the cut period is billed at the cut, covered as it is.
	require.Equal(t, []string{"0"}, f.run(instant("2026-02-05T00:00")))
}

// The price never comes out even, so every rating, draw, cost and overage has more decimals than the ledger.
func TestThirdsOfCreditsKeepEveryInvariant(t *testing.T) {
	f := newFlow(t, "0.33333333333333")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(instant("2026-02-05T00:00"))
	f.buy("0.333333333", "pi_credits")
	for range 7 {
		f.pair("1000001")
		f.work()
	}
	f.to(instant("2026-02-28T00:00"))
	f.run(boundaries[1])
	f.to(instant("2026-03-05T00:00"))
	f.pair("1234567.89")
	f.work()
	f.to(instant("2026-03-31T00:00"))
	f.report("777777.7", instant("2026-03-29T00:00"))
	f.run(boundaries[2])
}

func TestLeasesThatEndEveryWayKeepEveryInvariant(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.to(instant("2026-02-05T00:00"))
	f.commit(f.authorize("10"), "1000", true) // above its bounds
	parts := f.authorize("300000")
	f.commit(parts, "100000", false)
	f.commit(parts, "100000", false)
	forgotten, late := f.authorize("100000"), f.authorize("100000")
	f.to(instant("2026-02-05T00:10"))
	f.commit(late, "100000", true)
	_, err := f.st.ReapLeases(f.ctx, f.call, 10)
	require.NoError(t, err)
	f.sound()
	f.to(instant("2026-02-05T00:20"))
	f.commit(forgotten, "100000", true)
	f.work()
}

func TestAnAssignmentCanceledAtItsPeriodsEndKeepsEveryInvariant(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(instant("2026-02-05T00:00"))
	f.pair("2500000")
	_, err := f.st.CancelAssignment(f.ctx, f.call, f.assignment.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	f.sound()
	f.to(instant("2026-02-28T00:00"))
	require.Equal(t, []string{"5"}, f.run(boundaries[1]))
}
