package store_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// metered adds a meter that is priced in euro, and a plan without fee or credits beyond the example's that entitles to it.
func (j *journey) metered(amount, perUnits string) {
	j.t.Helper()
	began := day("2026-01-01T00:00:00Z")
	m, err := j.st.CreateMeter(j.ctx, j.call, store.NewMeter{Code: "reports", Name: "Reports", Unit: "report", Aggregation: metering.AggregationSum})
	require.NoError(j.t, err)
	_, err = j.st.CreateMeterPrice(j.ctx, j.call, store.NewMeterPrice{MeterID: m.ID, Asset: "EUR", EffectiveAt: &began,
		Terms: pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: dec(amount), PerUnits: dec(perUnits)}})
	require.NoError(j.t, err)
	f, err := j.st.CreateFeature(j.ctx, j.call, store.NewFeature{Code: "reports", Name: "Reports", Kind: models.Toggle, MeterIDs: []uuid.UUID{m.ID}})
	require.NoError(j.t, err)
	p, err := j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: "reporting", Name: "Reporting", Kind: models.Base,
		Terms: starter(), FeatureIDs: []uuid.UUID{f.ID, j.feature.ID}})
	require.NoError(j.t, err)
	j.starter = j.publish(p)
}

func TestUsageOfAClosedPeriodIsPricedInItAndBilledOnTheNextInvoice(t *testing.T) {
	j := newJourney(t)
	j.began()
	j.driver.advance(day("2026-03-10T10:00:00Z"))
	require.Len(t, j.invoices(), 2)
	j.report("late", "api_requests", "300000", day("2026-02-20T00:00:00Z"))
	j.driver.advance(day("2026-04-02T00:00:00Z"))

	chains, _, err := j.st.ListRatings(j.ctx, j.call, store.Page{Limit: 10}, store.RatingFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.Len(t, chains, 1)
	require.Equal(t, day("2026-01-30T23:00:00Z"), chains[0].Rating.PeriodStart)
	require.Equal(t, "INV-000003", *chains[0].Invoice.Number)
	require.Equal(t, day("2026-02-27T23:00:00Z"), chains[0].Line.PeriodEnd)
	same(t, "32.00", chains[0].Invoice.Total) // its own period's credits are gone
	j.sound()
}

func TestUsageOlderThanTheLateWindowIsQuarantined(t *testing.T) {
	j := newJourney(t)
	j.began()
	j.driver.advance(day("2026-04-02T00:00:00Z"))
	j.report("old", "api_requests", "300000", day("2026-02-20T00:00:00Z"))
	j.driver.rest()
	items, _, err := j.st.ListQuarantine(j.ctx, j.call, store.Page{Limit: 10}, store.QuarantineFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, "late_usage", items[0].Reason)
	j.sound()
}

func TestAPriceOfManyDecimalsIsRoundedOnceOnItsLineAndTheDifferenceIsBooked(t *testing.T) {
	j := newJourney(t)
	j.metered("0.10", "3")
	j.began()
	for _, key := range []string{"one", "two"} {
		j.report(key, "reports", "1", j.driver.now)
		j.driver.rest() // each is settled by itself
	}
	ba := keys.Encode(keys.BillingAccount, j.account.ID)
	same(t, "0.066666667", j.balance(ledger.Unbilled(ba)))
	j.driver.advance(day("2026-03-10T10:00:00Z"))
	invoices := j.invoices()
	require.Len(t, invoices, 2)
	same(t, "29.07", invoices[1].Total)
	same(t, "0", j.balance(ledger.Unbilled(ba)))
	same(t, "-0.066666667", j.balance(ledger.RevenueUsage))
	same(t, "-0.003333333", j.balance(ledger.Rounding))
	j.sound()
}

func TestADeclinedPaymentLeavesTheInvoiceOpenUntilItIsPaid(t *testing.T) {
	j := newJourney(t)
	j.driver.declines = 1
	j.began()
	inv := j.invoices()[0]
	require.Equal(t, models.InvoiceOpen, inv.Status)
	require.Equal(t, models.CollectionFailed, inv.Collection)
	require.Equal(t, "card_declined", inv.DeclineCode)
	_, again, err := j.st.InvoiceAttempt(j.ctx, j.call, inv.ID)
	require.NoError(t, err)
	require.True(t, again) // three days have passed
	j.driver.receive(inv)  // the customer paid on the hosted page
	inv = j.invoices()[0]
	require.Equal(t, models.InvoicePaid, inv.Status)
	payments, _, err := j.st.ListPayments(j.ctx, j.call, store.Page{Limit: 10, Ascending: true}, store.PaymentFilter{Invoice: &inv.ID})
	require.NoError(t, err)
	require.Len(t, payments, 2)
	require.Equal(t, []models.PaymentStatus{models.PaymentFailed, models.PaymentSucceeded},
		[]models.PaymentStatus{payments[0].Status, payments[1].Status})
	j.driver.rest()
	j.sound()
}

func TestAYearOfRenewalsKeepsTheAnchorsDay(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	j.driver.advance(day("2027-02-01T00:00:00Z"))
	periods, _, err := j.st.ListPeriods(j.ctx, j.call, store.Page{Limit: 20, Ascending: true}, store.PeriodFilter{Assignment: &j.assignment.ID})
	require.NoError(t, err)
	ends := make([]string, 0, len(periods))
	for _, p := range periods {
		ends = append(ends, p.EndAt.Format("01-02T15"))
	}
	require.Equal(t, []string{"02-27T23", "03-30T22", "04-29T22", "05-30T22", "06-29T22", "07-30T22", "08-30T22", "09-29T22", "10-30T23",
		"11-29T23", "12-30T23", "01-30T23", "02-27T23"}, ends)
	invoices := j.invoices()
	require.Len(t, invoices, 13)
	for _, inv := range invoices {
		same(t, "29.00", inv.Total)
		require.Equal(t, models.InvoicePaid, inv.Status)
	}
	j.sound()
}

func TestAnUnlimitedAccountIsRatedAndOwesNothing(t *testing.T) {
	j := newJourney(t)
	j.began()
	_, err := harness.Owner(t, j.url).Exec(j.ctx, "UPDATE billing_accounts SET billing_mode = 'unlimited' WHERE id = $1", j.account.ID)
	require.NoError(t, err)
	rated := j.pair("one", "2500000").Ratings[0]
	require.Equal(t, models.Waived, rated.Rating.Kind)
	same(t, "25", rated.Rating.Amount)
	require.Empty(t, rated.Allocations)
	j.driver.advance(day("2026-03-10T10:00:00Z"))
	invoices := j.invoices()
	require.Len(t, invoices, 2)
	same(t, "29.00", invoices[1].Total)
	at := day("2026-02-10T12:00:00Z")
	e, err := j.st.Explain(j.ctx, j.call, j.account.ID, &at)
	require.NoError(t, err)
	require.Equal(t, "api-starter v1; 0 of 20 CREDIT spent, 25 CREDIT waived", e.Answer)
	j.sound()
}
