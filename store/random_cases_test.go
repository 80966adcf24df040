package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func TestAPlanWithAnAgreedEndCanBeCanceledBeforeIt(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	out, err := j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: j.starter.ID, SourceKind: "manual", SourceRef: "acme-1",
		Start: &start, End: ptr(day("2026-06-01T00:00:00Z"))})
	require.NoError(t, err)
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	_, err = j.st.CancelAssignment(j.ctx, j.call, out.Assignment.ID, models.CancelNow)
	require.NoError(t, err)
	for _, at := range []string{"2026-02-06T00:00:00Z", "2026-07-01T00:00:00Z"} {
		e, err := j.st.Explain(j.ctx, j.call, j.account.ID, ptr(day(at)))
		require.NoError(t, err)
		require.Contains(t, e.Answer, "free v1")
	}
	j.sound()
}

func TestALotExpiresThoughARunWithALongerGraceClosesAfterTheRunOfItsEnd(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	addon := j.addon("patient", day("2026-01-31T00:00:00Z"), func(terms *models.PlanTerms) { terms.GraceSeconds = int64((48 * time.Hour).Seconds()) })
	j.driver.advance(day("2026-02-05T09:00:00Z"))
	_, err := j.st.CancelAssignment(j.ctx, j.call, addon.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	_, err = j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-03-10T00:00:00Z"))
	lots, _, err := j.st.ListLots(j.ctx, j.call, store.Page{Limit: 10, Ascending: true}, store.LotFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.Equal(t, models.LotExpired, lots[0].Status)
	same(t, "0", j.credits().Available)
	j.sound()
}

func TestOverageInACreditThatIsWorthNothingIsSettledWithoutAnEntry(t *testing.T) {
	j := newJourney(t)
	j.began()
	now := j.driver.now
	_, err := j.st.CreateCreditValue(j.ctx, j.call, store.NewCreditValue{CreditTypeID: j.credit.ID, Currency: "EUR", Value: dec("0"), EffectiveAt: &now})
	require.NoError(t, err)
	j.pair("one", "2000000") // the lot pays all of it
	j.driver.rest()
	rated := j.pair("two", "500000").Ratings[0].Rating
	same(t, "5", rated.Overage)
	same(t, "0", rated.OverageFiat)
	j.driver.rest()
	j.sound()
}

func TestACommitCannotSpeakOfTheFuture(t *testing.T) {
	j := newJourney(t)
	j.began()
	a, err := j.ask("one", "100000")
	require.NoError(t, err)
	use := func(key string, at time.Time) error {
		_, err := j.st.CommitLease(j.ctx, j.call, store.Use{Token: a.Token, OccurredAt: &at, Key: key, Hash: []byte(key),
			Meters: []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec("1")}}})
		return err
	}
	err = use("late", j.driver.now.Add(5*time.Minute+time.Second))
	require.True(t, fault.Is(err, "validation_failed"), err)
	require.NoError(t, use("edge", j.driver.now.Add(5*time.Minute)))
	j.sound()
}

func TestAnEstimateBeginsWhereTheRatingWill(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	j.addon("extra", day("2026-02-01T00:00:00Z"), func(terms *models.PlanTerms) { terms.Fee = nil })
	other, err := j.st.CreateFeature(j.ctx, j.call, store.NewFeature{Code: "other", Name: "Other", Kind: models.Toggle, MeterIDs: []uuid.UUID{j.meter.ID}})
	require.NoError(t, err)
	p, err := j.st.CreatePlan(j.ctx, j.call, store.NewPlan{PricingModelID: j.model.ID, Code: "aside", Name: "Aside", Kind: models.Promo, Terms: free(),
		FeatureIDs: []uuid.UUID{other.ID}})
	require.NoError(t, err)
	p = j.publish(p)
	start := day("2026-02-03T00:00:00Z")
	_, err = j.st.AssignPlan(j.ctx, j.call, store.NewAssignment{Account: j.account.ID, Plan: p.ID, SourceKind: "manual", SourceRef: "aside", Start: &start})
	require.NoError(t, err)
	terms := perUnit("1")
	terms.FreeUnits = dec("100000")
	_, err = j.st.CreateMeterPrice(j.ctx, j.call, store.NewMeterPrice{MeterID: j.meter.ID, Asset: "CREDIT", Terms: terms, EffectiveAt: &start})
	require.NoError(t, err)
	j.driver.advance(day("2026-02-05T10:00:00Z"))

	// The add-on's plan counts what is used of the feature api; the promotion counts the feature other for itself.
	j.pair("one", "100000")
	for feature, want := range map[string]string{"api": "1", "other": "0"} {
		a, err := j.st.Authorize(j.ctx, j.call, store.Ask{Account: j.account.ID, FeatureCode: feature, TTL: time.Minute, Key: feature, Hash: []byte(feature),
			Secret: secret, Meters: []gate.MeterQuantity{{MeterCode: "api_requests", Quantity: dec("100000")}}})
		require.NoError(t, err)
		estimate := dec("0")
		for _, e := range a.Decision.Estimate {
			estimate = estimate.Add(e.Value)
		}
		same(t, want, estimate)
	}
}

func TestOverageAfterPlansThatEndedTogetherIsCollectedIfOneOfThemWas(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	uncollected := func(terms *models.PlanTerms) { terms.Fee, terms.Collection = nil, models.CollectNone }
	j.addon("first", start, uncollected)
	j.assign(start)
	j.addon("last", start, uncollected)
	j.driver.advance(day("2026-02-05T10:00:00Z"))
	all, _, err := j.st.ListAssignments(j.ctx, j.call, store.Page{Limit: 10}, store.AssignmentFilter{Account: &j.account.ID, Status: models.AssignmentActive})
	require.NoError(t, err)
	for _, a := range all {
		if !a.IsFree {
			_, err := j.st.CancelAssignment(j.ctx, j.call, a.ID, models.CancelNow)
			require.NoError(t, err)
		}
	}
	j.driver.advance(day("2026-02-07T00:00:00Z"))
	j.report("late", "api_requests", "9000000", day("2026-02-05T09:00:00Z"))
	j.driver.advance(day("2026-03-02T00:00:00Z"))
	last := j.invoices()[len(j.invoices())-1]
	require.Equal(t, day("2026-02-28T23:00:00Z"), last.BoundaryAt)
	require.Equal(t, models.CollectStripe, last.CollectBy)
	j.sound()
}

func TestCreditsUsedUpAtTheInstantTheirPlanBeganAndEndedStayUsed(t *testing.T) {
	j := newJourney(t)
	start := day("2026-01-30T23:00:00Z")
	j.assign(start)
	j.driver.advance(start)
	j.pair("all", "2000000")
	_, err := j.st.CancelAssignment(j.ctx, j.call, j.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	j.driver.advance(day("2026-04-01T00:00:00Z"))
	lots, _, err := j.st.ListLots(j.ctx, j.call, store.Page{Limit: 10, Ascending: true}, store.LotFilter{Account: &j.account.ID})
	require.NoError(t, err)
	same(t, "20", lots[0].Consumed)
	j.sound()
}
