package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// addon assigns a plan beside the base, with a fee of 10.00 and no grants.
func (j *journey) addon(ref string, start time.Time, change func(*models.PlanTerms)) models.PlanAssignment {
	j.t.Helper()
	terms := starter()
	terms.Fee, terms.Grants = &models.Fee{Amount: dec("10.00"), Currency: "EUR"}, nil
	if change != nil {
		change(&terms)
	}
	p, err := j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: ref, Name: ref, Kind: models.Addon, Terms: terms,
		FeatureIDs: []uuid.UUID{j.feature.ID}})
	require.NoError(j.t, err)
	p = j.publish(p)
	out, err := j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: p.ID, SourceKind: "manual", SourceRef: ref, Start: &start})
	require.NoError(j.t, err)
	return out.Assignment
}

func (j *journey) totals() []string {
	j.t.Helper()
	var all []string
	for _, inv := range j.invoices() {
		all = append(all, inv.Total.StringFixed(2))
	}
	return all
}

func (j *journey) unusedFee() string {
	j.t.Helper()
	rows, err := j.st.ListLedgerAccounts(j.ctx, j.call, store.LedgerAccountQuery{Limit: 2,
		Account: ledger.AccountCredit(keys.Encode(keys.BillingAccount, j.account.ID))})
	require.NoError(j.t, err)
	if len(rows) == 0 {
		return "0.00"
	}
	return rows[0].Balance.Neg().StringFixed(2)
}

func TestABaseAndAnAddonThatBeginTogetherAreBothOnTheirInvoices(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	j.assign(start)
	j.addon("twin", start, nil)
	j.driver.advance(day("2026-03-01T00:00:00Z"))
	require.Equal(t, []string{"39.00", "39.00"}, j.totals())
	j.sound()
}

func TestTwoAddonsOfOnePlanThatBeginTogetherAreBothBilled(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	j.assign(start)
	first := j.addon("twin", start, nil)
	v, err := j.st.FindAssignment(j.ctx, j.call, first.ID)
	require.NoError(t, err)
	plans, _, err := j.st.ListPlans(j.ctx, j.call, store.Page{Limit: 10}, store.PlanFilter{})
	require.NoError(t, err)
	for _, p := range plans {
		if p.Code != "twin" {
			continue
		}
		_, err = j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: p.ID, Version: &v.PlanVersionID, SourceKind: "manual",
			SourceRef: "twin-2", Start: &start})
		require.NoError(t, err)
	}
	j.driver.advance(day("2026-03-01T00:00:00Z"))
	require.Equal(t, []string{"49.00", "49.00"}, j.totals())
	j.sound()
}

func TestACancellationInTheGraceBillsOnlyTheUsedPartOfTheNewPeriodsFee(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	// The second period has begun; its fee is billed with the first period's usage, when the grace is over.
	j.driver.advance(day("2026-02-27T23:30:00Z"))
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-05-01T00:00:00Z"))
	// Half an hour of 743 hours.
	require.Equal(t, []string{"29.00", "0.02"}, j.totals())
	require.Equal(t, "0.00", j.unusedFee())
	same(t, "-29.02", j.balance(ledger.RevenueFees))
	same(t, "0", j.balance(ledger.DeferredRevenue))
	j.sound()
}

func TestACancellationAtTheInstantAPeriodBeginsGivesItsWholeFeeAndCreditsBack(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	j.assign(start)
	j.driver.advance(start)
	require.Equal(t, []string{"29.00"}, j.totals())
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-04-01T00:00:00Z"))
	require.Equal(t, []string{"29.00"}, j.totals())
	require.Equal(t, "29.00", j.unusedFee())
	same(t, "0", j.credits().Available)
	same(t, "0", j.balance(ledger.DeferredRevenue))
	a, err := j.st.FindAssignment(j.ctx, j.call, j.assignment.ID)
	require.NoError(t, err)
	require.Equal(t, models.AssignmentEnded, a.Status)
	j.sound()
}

func TestACancellationAtARenewalsInstantBillsNothingForThePeriodThatNeverRan(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	j.driver.advance(day("2026-02-27T23:00:00Z"))
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-05-01T00:00:00Z"))
	require.Equal(t, []string{"29.00"}, j.totals())
	same(t, "0", j.credits().Available)
	same(t, "-29", j.balance(ledger.RevenueFees))
	j.sound()
}

func TestACancellationNeverMovesAnEndThatWasAgreedEarlier(t *testing.T) {
	j := newJourney(t)
	start, end := day("2026-01-30T23:00:00Z"), day("2026-02-10T23:00:00Z")
	out, err := j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: j.starter.ID, SourceKind: "manual",
		SourceRef: "short", Start: &start, End: &end})
	require.NoError(t, err)
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	canceled, err := j.st.CancelAssignment(j.ctx, j.call, out.Assignment.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	require.Equal(t, end, *canceled.Assignment.EndAt)
	j.driver.advance(day("2026-04-01T00:00:00Z"))
	require.Equal(t, []string{"29.00"}, j.totals())
	require.Equal(t, "17.61", j.unusedFee()) // 17 of 28 days
	j.sound()
}

func TestACommitBothAboveItsLeaseAndRefusedIsKeptWhole(t *testing.T) {
	j := newJourney(t)
	j.began()
	a, err := j.ask("one", "100000")
	require.NoError(t, err)
	old := j.driver.now.Add(-40 * 24 * time.Hour)
	out, err := j.st.CommitLease(j.ctx, j.call, store.Use{Token: a.Token, Close: true, Key: "one", Hash: []byte("one"), OccurredAt: &old,
		Meters: []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec("150000")}}})
	require.NoError(t, err)
	require.Empty(t, out.Ratings)
	require.Len(t, out.Quarantined, 1)
	same(t, "150000", out.Quarantined[0].Quantity)
	require.Equal(t, "late_usage", out.Quarantined[0].Reason)
	same(t, "0", j.credits().Held)
	j.sound()
}

func TestUsageHeardOfAfterTheLastRunIsBilledOnceAtTheEndOfItsMonth(t *testing.T) {
	j := newJourney(t)
	j.began()
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	j.driver.advance(day("2026-03-02T00:00:00Z"))
	require.Equal(t, []string{"29.00"}, j.totals())
	j.report("late", "api_requests", "2500000", day("2026-02-20T10:00:00Z"))
	j.driver.advance(day("2026-03-05T00:00:00Z"))
	j.report("later", "api_requests", "100000", day("2026-02-20T11:00:00Z"))
	j.driver.advance(day("2026-05-10T00:00:00Z"))
	// The lot ended with its period, so there is nothing left of it: 26 credits of overage.
	require.Equal(t, []string{"29.00", "26.00"}, j.totals())
	last := j.invoices()[1]
	require.Equal(t, day("2026-03-31T22:00:00Z"), last.BoundaryAt) // in Berlin
	require.Equal(t, models.InvoicePaid, last.Status)
	j.sound()
}
func TestOverageOnThePlanWithoutPeriodsIsBilledByTheMonth(t *testing.T) {
	j := newJourney(t)
	terms := free()
	p, err := j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: "pay-as-you-go", Name: "Pay as you go", Kind: models.Base,
		Terms: terms, FeatureIDs: []uuid.UUID{j.feature.ID}})
	require.NoError(t, err)
	p = j.publish(p)
	_, err = j.st.SetFreePlan(j.ctx, j.call, store.FreePlan{PricingModelID: j.model.ID, PlanID: p.ID})
	require.NoError(t, err)
	j.account, err = j.st.CreateAccount(j.ctx, j.call, store.NewAccount{PrincipalID: "payg", Name: "Payg", PricingModel: &j.model.ID,
		Timezone: "Europe/Berlin", TestClock: &j.driver.clock, Currency: ptr(money.Asset("EUR"))})
	require.NoError(t, err)
	j.driver.usage = append(j.driver.usage, j.account.ID)
	j.pair("one", "700000")
	j.pair("two", "300000")
	j.driver.advance(day("2026-01-31T23:30:00Z"))
	require.Equal(t, []string{"10.00"}, j.totals())
	j.pair("three", "100000")
	j.driver.advance(day("2026-06-01T00:00:00Z"))
	require.Equal(t, []string{"10.00", "1.00"}, j.totals())
	require.Equal(t, []time.Time{day("2026-01-31T23:00:00Z"), day("2026-02-28T23:00:00Z")},
		[]time.Time{j.invoices()[0].BoundaryAt, j.invoices()[1].BoundaryAt})
	require.Equal(t, models.InvoicePaid, j.invoices()[1].Status)
	j.sound()
}
