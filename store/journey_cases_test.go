package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// sound checks every invariant of the realm.
func (j *journey) sound() {
	j.t.Helper()
	verdict, err := j.st.Verify(j.ctx, j.call)
	require.NoError(j.t, err)
	for _, f := range verdict.Findings {
		require.Empty(j.t, f.Violations, f.ID)
	}
}

func (j *journey) began() {
	j.t.Helper()
	j.assign(day("2026-01-30T23:00:00Z"))
	j.driver.advance(day("2026-02-05T10:00:00Z"))
}

func (j *journey) invoices() []models.Invoice {
	j.t.Helper()
	rows, _, err := j.st.ListInvoices(j.ctx, j.call, store.Page{Limit: 50, Ascending: true}, store.InvoiceFilter{Account: &j.account.ID})
	require.NoError(j.t, err)
	return rows
}

func (j *journey) credits() store.AssetBalance {
	j.t.Helper()
	b, err := j.st.FindBalance(j.ctx, j.call, j.account.ID)
	require.NoError(j.t, err)
	require.Len(j.t, b.Assets, 1)
	return b.Assets[0]
}

func (j *journey) ask(key, quantity string) (store.Authorized, error) {
	return j.st.Authorize(j.ctx, j.call, store.Ask{Account: j.account.ID, FeatureCode: "api", TTL: time.Minute, Key: key, Hash: []byte(key + quantity),
		Secret: secret, Meters: []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec(quantity)}}})
}

func (j *journey) use(token, key, quantity string) (store.Committed, error) {
	return j.st.CommitLease(j.ctx, j.call, store.Use{Token: token, Close: true, Key: key, Hash: []byte(key + quantity),
		Meters: []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec(quantity)}}})
}

func TestACancellationNowClosesThePeriodAndGivesTheUnusedFeeBack(t *testing.T) {
	j := newJourney(t)
	j.began()
	j.pair("one", "2500000")
	out, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	require.Equal(t, day("2026-02-05T10:00:00Z"), *out.Assignment.EndAt)
	j.driver.advance(day("2026-03-10T00:00:00Z"))

	a, err := j.st.FindAssignment(j.ctx, j.call, j.assignment.ID)
	require.NoError(t, err)
	require.Equal(t, models.AssignmentEnded, a.Status)
	op, err := j.st.FindOperation(j.ctx, j.call, out.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, models.OperationSucceeded, op.Status)
	invoices := j.invoices()
	require.Len(t, invoices, 2)
	same(t, "5.00", invoices[1].Total)          // the overage of the five days
	same(t, "5.00", invoices[1].AppliedCredits) // paid from the unused fee
	require.Equal(t, day("2026-02-05T11:00:00Z"), *invoices[1].FinalizedAt)
	at := day("2026-02-06T00:00:00Z")
	e, err := j.st.Explain(j.ctx, j.call, j.account.ID, &at)
	require.NoError(t, err)
	require.Equal(t, "free v1; no usage so far", e.Answer)
	same(t, "0", j.credits().Available)
	fees, unused := j.balance(ledger.RevenueFees), j.balance(ledger.AccountCredit(keys.Encode(keys.BillingAccount, j.account.ID)))
	require.True(t, unused.IsNegative())
	same(t, "-24", fees.Add(unused))
	same(t, "0", j.balance(ledger.DeferredRevenue))
	j.sound()
}

// balance is what the entries of a ledger account add up to in EUR.
func (j *journey) balance(account string) decimal.Decimal {
	j.t.Helper()
	rows, err := j.st.ListLedgerAccounts(j.ctx, j.call, store.LedgerAccountQuery{Limit: 2, Account: account})
	require.NoError(j.t, err)
	require.Len(j.t, rows, 1)
	return rows[0].Balance
}

func TestWithoutOverageConcurrentLeasesNeverHoldMoreThanThereIs(t *testing.T) {
	j := newJourney(t)
	terms := starter()
	terms.OverageMode = gate.OverageBlock
	j.starter = j.publish(j.plan("strict", terms))
	j.began()
	var allowed atomic.Int32
	var wg sync.WaitGroup
	errs := make(chan error, 40)
	for range 8 {
		wg.Go(func() {
			for range 5 {
				a, err := j.ask(uuid.NewString(), "100000")
				if err == nil && a.Decision.Allow {
					allowed.Add(1)
				}
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 20, allowed.Load())
	same(t, "20", j.credits().Held)
	same(t, "0", j.credits().Spendable)
	j.sound()
}

func TestACancellationAtThePeriodsEndLetsThePeriodRunOut(t *testing.T) {
	j := newJourney(t)
	j.began()
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	j.driver.advance(day("2026-02-20T00:00:00Z"))
	j.pair("one", "2500000")
	j.driver.advance(day("2026-05-01T00:00:00Z"))
	invoices := j.invoices()
	require.Len(t, invoices, 2)
	same(t, "5.00", invoices[1].Total)
	lots, _, err := j.st.ListLots(j.ctx, j.call, store.Page{Limit: 10, Ascending: true}, store.LotFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.Len(t, lots, 2)
	require.Equal(t, []models.LotStatus{models.LotExpired, models.LotVoided}, []models.LotStatus{lots[0].Status, lots[1].Status})
	j.sound()
}

func TestAnAssignmentCanceledBeforeItBeginsBillsNothing(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-02-10T23:00:00Z"))
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-04-01T00:00:00Z"))
	require.Empty(t, j.invoices())
	a, err := j.st.FindAssignment(j.ctx, j.call, j.assignment.ID)
	require.NoError(t, err)
	require.Equal(t, models.AssignmentCanceled, a.Status)
	j.sound()
}

func TestASecondBasePlanIsRefusedWhileOneApplies(t *testing.T) {
	j := newJourney(t)
	j.began()
	_, err := j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: j.starter.ID, SourceKind: "manual", SourceRef: "acme-2"})
	require.True(t, fault.Is(err, "overlap_conflict"), err)
	_, err = j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: j.starter.ID, SourceKind: "manual", SourceRef: "acme-2",
		Start: ptr(day("2026-01-01T00:00:00Z"))})
	require.True(t, fault.Is(err, "validation_failed"), err)
}

func TestBoughtCreditsAreEarnedAtTheirCostAndAfterThePlansOwn(t *testing.T) {
	j := newJourney(t)
	j.began()
	c, err := j.st.OpenCheckout(j.ctx, j.call, store.NewCheckout{Account: j.account.ID, Asset: "CREDIT", Quantity: dec("10"), SuccessURL: "https://x"})
	require.NoError(t, err)
	c, err = j.st.LinkCheckout(j.ctx, j.call, c.ID, "cs_1", "https://pay")
	require.NoError(t, err)
	require.Equal(t, models.CheckoutOpen, c.Status)
	paid := store.Purchase{Checkout: c.ID, Session: "cs_1", Payment: "pi_1", Amount: money.Amount{Value: dec("10"), Asset: "EUR"}}
	for range 2 {
		_, err = j.st.CompleteCheckout(j.ctx, j.call, paid)
		require.NoError(t, err)
	}
	same(t, "30", j.credits().Available)
	rated := j.pair("one", "2500000").Ratings[0]
	require.Len(t, rated.Allocations, 2)
	same(t, "20", rated.Allocations[0].Amount)
	same(t, "5", rated.Allocations[1].Amount)
	same(t, "5", rated.Allocations[1].Fiat)
	j.driver.rest()
	earned, err := j.st.ListLedgerAccounts(j.ctx, j.call, store.LedgerAccountQuery{Limit: 10, Account: "revenue:usage"})
	require.NoError(t, err)
	same(t, "-5", earned[0].Balance)
	j.sound()
}

func TestMoneyThatMatchesNothingIsKeptApartAndStopsTheAccount(t *testing.T) {
	j := newJourney(t)
	j.began()
	c, err := j.st.OpenCheckout(j.ctx, j.call, store.NewCheckout{Account: j.account.ID, Asset: "CREDIT", Quantity: dec("10"), SuccessURL: "https://x"})
	require.NoError(t, err)
	_, err = j.st.CompleteCheckout(j.ctx, j.call, store.Purchase{Checkout: c.ID, Session: "cs_1", Payment: "pi_1",
		Amount: money.Amount{Value: dec("9"), Asset: "EUR"}})
	require.NoError(t, err)
	same(t, "20", j.credits().Available)
	a, err := j.st.FindAccount(j.ctx, j.call, j.account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountParked, a.Status)
	require.Contains(t, a.ParkedReason, "pi_1")
	denied, err := j.ask("after", "1")
	require.NoError(t, err)
	require.Equal(t, gate.ReasonParked, denied.Decision.Reason)
	j.sound()
}

func TestALeaseThatRunsOutFreesItsHoldAndItsLateCommitIsQuarantined(t *testing.T) {
	j := newJourney(t)
	j.began()
	a, err := j.ask("one", "1000000")
	require.NoError(t, err)
	same(t, "10", j.credits().Held)
	j.driver.advance(day("2026-02-05T12:00:00Z"))
	n, err := j.st.ReapLeases(j.ctx, j.call, 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	same(t, "0", j.credits().Held)
	out, err := j.use(a.Token, "one", "1000000")
	require.NoError(t, err)
	require.Empty(t, out.Ratings)
	require.Len(t, out.Quarantined, 1)
	require.Equal(t, gate.HintLeaseExpired, out.Quarantined[0].Reason)
	same(t, "20", j.credits().Available)
	j.sound()
}

func TestARepeatGetsTheFirstAnswerAndAnotherRequestUnderItsKeyIsRefused(t *testing.T) {
	j := newJourney(t)
	j.began()
	first, err := j.ask("one", "1000000")
	require.NoError(t, err)
	again, err := j.ask("one", "1000000")
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Token, again.Token)
	same(t, "10", j.credits().Held)
	_, err = j.ask("one", "1")
	require.True(t, fault.Is(err, "idempotency_key_reused"), err)
	done, err := j.use(first.Token, "one", "700000")
	require.NoError(t, err)
	repeat, err := j.use(first.Token, "one", "700000")
	require.NoError(t, err)
	require.True(t, repeat.Replayed)
	require.Equal(t, done.Ratings[0].Rating.ID, repeat.Ratings[0].Rating.ID)
	same(t, "13", j.credits().Available)
	_, err = j.use(first.Token, "two", "1")
	require.True(t, fault.Is(err, "lease_closed"), err)
	_, err = j.use(first.Token, "three", "-1")
	require.True(t, fault.Is(err, "validation_failed"), err)
	j.sound()
}

func TestManyCallersAtOnceSpendEveryCreditOnceAndWaitForNobodyForever(t *testing.T) {
	j := newJourney(t)
	j.began()
	const callers, each = 8, 5
	var wg sync.WaitGroup
	errs := make(chan error, callers*each*2)
	for range callers {
		wg.Go(func() {
			for range each {
				key := uuid.NewString()
				a, err := j.ask(key, "100000")
				if err == nil {
					_, err = j.use(a.Token, key, "100000")
				}
				errs <- err
				_, err = j.st.SettleRatings(j.ctx, j.call, j.account.ID, 10)
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	j.driver.rest()
	b := j.credits()
	same(t, "0", b.Available)
	same(t, "0", b.Held)
	same(t, "0", b.Posted)
	e, err := j.st.Explain(j.ctx, j.call, j.account.ID, nil)
	require.NoError(t, err)
	require.Equal(t, "api-starter v1; 20 of 20 CREDIT spent, 20 CREDIT of overage so far, not invoiced yet", e.Answer)
	j.sound()
}
