package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// journey is one account on a clock, on the plan of the example catalog.
type journey struct {
	*catalog
	driver     *driver
	account    models.BillingAccount
	assignment models.PlanAssignment
	starter    store.PlanDetail
	rated      models.MeterPrice
}

var secret = []byte("lease secret of the tests")

// newJourney fills the catalog and creates the account; the plan is assigned by assign.
func newJourney(t *testing.T) *journey {
	t.Helper()
	c := newCatalog(t)
	j := &journey{catalog: c, driver: newDriver(t, c.st, c.call, day("2026-01-30T12:00:00Z"))}
	require.NoError(t, j.fillPlans())
	account, err := c.st.CreateAccount(c.ctx, c.call, store.NewAccount{PrincipalID: "acme", Name: "Acme", PricingModel: &c.model.ID,
		Timezone: "Europe/Berlin", TestClock: &j.driver.clock})
	require.NoError(t, err)
	j.account, j.driver.usage = account, []uuid.UUID{account.ID}
	return j
}

func (j *journey) fillPlans() error {
	began := day("2026-01-01T00:00:00Z")
	j.rated = j.price("CREDIT", "1", began)
	if _, err := j.st.CreateCreditValue(j.ctx, j.call, store.NewCreditValue{CreditTypeID: j.credit.ID, Currency: "EUR",
		Value: dec("1"), EffectiveAt: &began}); err != nil {
		return err
	}
	ai, err := j.st.CreateMeter(j.ctx, j.call, store.NewMeter{Code: "ai_compute", Name: "AI compute", Unit: "second",
		Aggregation: metering.AggregationSum})
	if err != nil {
		return err
	}
	feature, err := j.st.CreateFeature(j.ctx, j.call, store.NewFeature{Code: "ai", Name: "AI", Kind: models.Toggle,
		MeterIDs: []uuid.UUID{ai.ID}})
	if err != nil {
		return err
	}
	none, err := j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: "free", Name: "Free",
		Kind: models.Base, Terms: free()})
	if err != nil {
		return err
	}
	none = j.publish(none)
	if _, err := j.st.SetFreePlan(j.ctx, j.call, store.FreePlan{PricingModelID: j.model.ID, PlanID: none.ID}); err != nil {
		return err
	}
	j.starter, err = j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: "api-starter",
		Name: "API Starter", Kind: models.Base, Terms: starter(), FeatureIDs: []uuid.UUID{j.feature.ID, feature.ID}})
	if err == nil {
		j.starter = j.publish(j.starter)
	}
	return err
}

func (j *journey) assign(start time.Time) {
	j.t.Helper()
	out, err := j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: j.starter.ID,
		SourceKind: "manual", SourceRef: "acme-1", Start: &start})
	require.NoError(j.t, err)
	j.assignment = out.Assignment
}

// pair authorizes and commits a quantity of API requests.
func (j *journey) pair(key, quantity string) store.Committed {
	j.t.Helper()
	meters := []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec(quantity)}}
	a, err := j.st.Authorize(j.ctx, j.call, store.Ask{Account: j.account.ID, FeatureCode: "api", Meters: meters,
		TTL: time.Minute, Key: key, Hash: []byte(key), Secret: secret})
	require.NoError(j.t, err)
	require.True(j.t, a.Decision.Allow, a.Decision.Reason)
	out, err := j.st.CommitLease(j.ctx, j.call, store.Use{Token: a.Token, Meters: meters, Close: true, Key: key, Hash: []byte(key)})
	require.NoError(j.t, err)
	return out
}

func (j *journey) report(key, meter, quantity string, at time.Time) {
	j.t.Helper()
	out, err := j.st.RecordUsage(j.ctx, j.call, store.Report{Account: j.account.ID, OccurredAt: &at, Key: key,
		Meters: []gate.MeterQuantity{{MeterCode: meter, Quantity: dec(quantity)}}, Hash: []byte(key)})
	require.NoError(j.t, err)
	require.Len(j.t, out.Events, 1)
}

// firstTwoMonths is the example: an account through two paid months, with overage, late usage and usage without a price.
func firstTwoMonths(t *testing.T) (*journey, [][]store.RatedMeter) {
	t.Helper()
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	var rated [][]store.RatedMeter
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	for i := range 4 {
		rated = append(rated, j.pair(fmt.Sprintf("feb-%d", i), "700000").Ratings)
	}
	j.driver.advance(day("2026-02-27T23:30:00Z"))
	j.report("late-1", "api_requests", "700000", day("2026-02-27T22:00:00Z"))
	j.report("late-2", "api_requests", "250000", day("2026-02-27T23:00:00Z"))
	j.driver.advance(day("2026-03-10T10:00:00Z"))
	for i := range 4 {
		rated = append(rated, j.pair(fmt.Sprintf("mar-%d", i), "250000").Ratings)
	}
	j.report("ai-1", "ai_compute", "60", j.driver.now)
	j.driver.advance(day("2026-04-02T00:00:00Z"))
	return j, rated
}

func TestTheExampleBillsTwoMonthsToTheCent(t *testing.T) {
	j, rated := firstTwoMonths(t)
	ctx, st, call := j.ctx, j.st, j.call

	invoices, more, err := st.ListInvoices(ctx, call, store.Page{Limit: 10, Ascending: true}, store.InvoiceFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, invoices, 3)
	for i, want := range []struct{ total, finalized, boundary string }{
		{"29.00", "2026-01-30T23:00:00Z", "2026-01-30T23:00:00Z"},
		{"44.00", "2026-02-28T00:00:00Z", "2026-02-27T23:00:00Z"},
		{"29.00", "2026-03-30T23:00:00Z", "2026-03-30T22:00:00Z"},
	} {
		inv := invoices[i]
		same(t, want.total, inv.Total)
		require.Equal(t, models.InvoicePaid, inv.Status)
		require.Equal(t, fmt.Sprintf("INV-%06d", i+1), *inv.Number)
		require.Equal(t, day(want.finalized), *inv.FinalizedAt)
		require.Equal(t, day(want.boundary), inv.BoundaryAt)
	}
	_, lines, err := st.FindInvoice(ctx, call, invoices[1].ID)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	usage := usageLine(t, lines)
	same(t, "3500000", usage.Quantity)
	same(t, "20", usage.Covered)
	same(t, "15", usage.Overage)
	same(t, "15.00", usage.Amount)
	_, lines, err = st.FindInvoice(ctx, call, invoices[2].ID)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	usage = usageLine(t, lines)
	same(t, "1250000", usage.Quantity)
	same(t, "12.5", usage.Covered)
	same(t, "0", usage.Amount)

	// The third pair straddles the lot.
	third := rated[2][0]
	require.Len(t, third.Allocations, 2)
	same(t, "6", third.Allocations[0].Amount)
	same(t, "1", third.Allocations[1].Amount)
	same(t, "1400000", third.Rating.Before)
}

func usageLine(t *testing.T, lines []models.InvoiceLine) models.InvoiceLine {
	t.Helper()
	for _, l := range lines {
		if l.Kind == "usage" {
			return l
		}
	}
	require.Fail(t, "no usage line")
	return models.InvoiceLine{}
}

// same compares numbers, whatever their scale.
func same(t *testing.T, want string, got decimal.Decimal) {
	t.Helper()
	require.Truef(t, dec(want).Equal(got), "want %s, got %s", want, got)
}

func TestTheExamplesBooksHoldWhatWasIssuedUsedAndEarned(t *testing.T) {
	j, _ := firstTwoMonths(t)
	ba := keys.Encode(keys.BillingAccount, j.account.ID)
	accounts, err := j.st.ListLedgerAccounts(j.ctx, j.call, store.LedgerAccountQuery{Limit: 100})
	require.NoError(t, err)
	got := map[string]string{}
	for _, a := range accounts {
		got[a.Account+" "+string(a.Asset)] = a.Balance.String()
	}
	require.Equal(t, map[string]string{
		ledger.CreditsIssued + " CREDIT": "60", ledger.CreditsUsed + " CREDIT": "-32.5", ledger.Breakage + " CREDIT": "-7.5",
		ledger.Wallet(ba) + " CREDIT":  "-20",
		ledger.StripeClearing + " EUR": "102", ledger.Receivable(ba) + " EUR": "0", ledger.Unbilled(ba) + " EUR": "0",
		ledger.RevenueUsage + " EUR": "-15", ledger.RevenueFees + " EUR": "-58", ledger.DeferredRevenue + " EUR": "-29",
	}, got)
	lines, err := j.st.TrialBalance(j.ctx, j.call, nil)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	for _, l := range lines {
		same(t, "0", l.Balance)
		require.True(t, l.Debit.Equal(l.Credit))
	}
	// As of the end of the first period nothing of the second had happened.
	before := day("2026-02-27T22:59:59Z")
	accounts, err = j.st.ListLedgerAccounts(j.ctx, j.call, store.LedgerAccountQuery{Limit: 100, At: &before, Account: ledger.CreditsIssued})
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	same(t, "20", accounts[0].Balance)

	verdict, err := j.st.Verify(j.ctx, j.call)
	require.NoError(t, err)
	for _, f := range verdict.Findings {
		require.Empty(t, f.Violations, f.ID)
	}
}

func TestTheExamplesPeriodsKeepTheMonthsEndThroughSummerTime(t *testing.T) {
	j, _ := firstTwoMonths(t)
	periods, _, err := j.st.ListPeriods(j.ctx, j.call, store.Page{Limit: 10, Ascending: true}, store.PeriodFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.Len(t, periods, 3)
	for i, want := range []struct {
		end   string
		hours float64
	}{{"2026-02-27T23:00:00Z", 672}, {"2026-03-30T22:00:00Z", 743}, {"2026-04-29T22:00:00Z", 720}} {
		require.Equal(t, day(want.end), periods[i].EndAt)
		require.InDelta(t, want.hours, periods[i].EndAt.Sub(periods[i].StartAt).Hours(), 0)
	}
	require.Equal(t, day("2026-01-30T23:00:00Z"), periods[0].StartAt)
	require.Equal(t, []models.PeriodStatus{models.PeriodClosed, models.PeriodClosed, models.PeriodOpen},
		[]models.PeriodStatus{periods[0].Status, periods[1].Status, periods[2].Status})
}

func TestUsageWithoutAPriceWaitsInQuarantine(t *testing.T) {
	j, _ := firstTwoMonths(t)
	items, more, err := j.st.ListQuarantine(j.ctx, j.call, store.Page{Limit: 10}, store.QuarantineFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, items, 1)
	require.Equal(t, "pricing.not_configured", items[0].Reason)
	require.Equal(t, "ai_compute", items[0].MeterCode)
	same(t, "60", items[0].Quantity)
}

func TestABalanceAgreesWithTheLedgerAtEveryMoment(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	agree := func(available, held, posted, pending, spendable string) {
		t.Helper()
		b, err := j.st.FindBalance(j.ctx, j.call, j.account.ID)
		require.NoError(t, err)
		require.Len(t, b.Assets, 1)
		a := b.Assets[0]
		require.Equal(t, money.Asset("CREDIT"), a.Asset)
		same(t, available, a.Available)
		same(t, held, a.Held)
		same(t, posted, a.Posted)
		same(t, pending, a.Pending)
		same(t, spendable, a.Spendable)
		require.True(t, a.Available.Add(a.Held).Equal(a.Posted.Sub(a.Pending)))
	}
	agree("0", "0", "0", "0", "0") // scheduled, and not begun
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	agree("20", "0", "20", "0", "20")
	j.pair("one", "700000")
	agree("13", "0", "20", "7", "13")
	j.driver.rest()
	agree("13", "0", "13", "0", "13")
	meters := []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec("500000")}}
	_, err := j.st.Authorize(j.ctx, j.call, store.Ask{Account: j.account.ID, FeatureCode: "api", Meters: meters, TTL: time.Minute, Key: "hold",
		Hash: []byte("hold"), Secret: secret})
	require.NoError(t, err)
	agree("8", "5", "13", "0", "8")
}
