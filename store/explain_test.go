package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func TestExplainAnswersTheFourQuestionsForAnInstantOfTheFirstPeriod(t *testing.T) {
	j, rated := firstTwoMonths(t)
	at := day("2026-02-10T12:00:00Z")
	e, err := j.st.Explain(j.ctx, j.call, j.account.ID, &at)
	require.NoError(t, err)

	require.Equal(t, "api-starter v1; 20 of 20 CREDIT spent, 8 CREDIT of overage so far, INV-000002", e.Answer)
	require.Len(t, e.Plans, 1)
	require.Equal(t, "api-starter", e.Plans[0].Plan.Code)
	require.Equal(t, 1, e.Plans[0].Version.Number)
	require.Equal(t, store.TermsDefault, e.Plans[0].Terms)
	require.Equal(t, day("2026-01-30T23:00:00Z"), e.Plans[0].Period.Start)
	require.Equal(t, day("2026-02-27T23:00:00Z"), e.Plans[0].Period.End)
	require.Len(t, e.Lots, 1)
	same(t, "20", e.Lots[0].Spent)
	require.Len(t, e.Overage, 1)
	require.Equal(t, money.Asset("CREDIT"), e.Overage[0].Asset)
	same(t, "8", e.Overage[0].Amount)
	same(t, "8", e.Overage[0].Fiat)

	require.False(t, e.Truncated)
	require.Len(t, e.Ratings, 4)
	third := e.Ratings[2]
	require.Equal(t, rated[2][0].Rating.ID, third.Rating.ID)
	require.NotNil(t, third.Commit)
	require.Nil(t, third.Usage)
	require.Equal(t, j.rated.ID, third.Price.ID)
	same(t, "1", third.Price.Terms.Amount)
	require.Len(t, third.Allocations, 2)
	require.NotNil(t, third.Settlement)
	require.Len(t, third.Ledger.Entries, 4)
	require.Equal(t, "usage", third.Line.Kind)
	require.Equal(t, "INV-000002", *third.Invoice.Number)

	kinds := map[string]int{}
	for _, r := range e.Ledger {
		kinds[r.SourceType]++
		require.NotEmpty(t, r.Entries)
	}
	require.Equal(t, map[string]int{"credit_lot": 1, "settlement": 1, "invoice": 1}, kinds)
}

func TestExplainKnowsOtherInstantsOfTheSameAccount(t *testing.T) {
	j, _ := firstTwoMonths(t)
	for at, answer := range map[string]string{
		"2026-01-30T13:00:00Z": "free v1; no usage so far",
		"2026-02-01T00:00:00Z": "api-starter v1; 0 of 20 CREDIT spent, no usage so far",
		"2026-02-27T22:30:00Z": "api-starter v1; 20 of 20 CREDIT spent, 15 CREDIT of overage so far, INV-000002",
		"2026-02-27T23:00:00Z": "api-starter v1; 2.5 of 20 CREDIT spent, INV-000003",
		"2026-04-01T00:00:00Z": "api-starter v1; 0 of 20 CREDIT spent, no usage so far",
		"2025-01-01T00:00:00Z": "No plan was in force.",
	} {
		instant := day(at)
		e, err := j.st.Explain(j.ctx, j.call, j.account.ID, &instant)
		require.NoError(t, err)
		require.Equal(t, answer, e.Answer, at)
	}
}

func TestARatingOfAUsageEventIsProvedByItsEvent(t *testing.T) {
	j, _ := firstTwoMonths(t)
	chains, more, err := j.st.ListRatings(j.ctx, j.call, store.Page{Limit: 20}, store.RatingFilter{Account: &j.account.ID})
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, chains, 10)
	events := 0
	for _, c := range chains {
		if c.Rating.SourceKind == models.FromUsage {
			events++
			require.NotNil(t, c.Usage)
			require.Equal(t, c.Rating.ID, *c.Usage.RatingID)
			one, err := j.st.FindRatingChain(j.ctx, j.call, c.Rating.ID)
			require.NoError(t, err)
			require.Equal(t, c, one)
		}
	}
	require.Equal(t, 2, events)
	_, err = j.st.FindRatingChain(j.ctx, j.call, j.account.ID)
	require.True(t, fault.Is(err, "not_found"))
}

func TestEntitlementsAreThoseOfThePlansInForce(t *testing.T) {
	j := newJourney(t)
	j.assign(day("2026-01-30T23:00:00Z"))
	now, err := j.st.FindEntitlements(j.ctx, j.call, j.account.ID, nil)
	require.NoError(t, err)
	require.Empty(t, now.Entitlements)
	later := day("2026-01-30T23:00:00Z")
	then, err := j.st.FindEntitlements(j.ctx, j.call, j.account.ID, &later)
	require.NoError(t, err)
	require.Len(t, then.Entitlements, 2)
	require.Equal(t, "ai", then.Entitlements[0].Feature.Code)
	require.Equal(t, []string{"ai_compute"}, then.Entitlements[0].MeterCodes)
	require.Equal(t, "api", then.Entitlements[1].Feature.Code)
	require.Equal(t, "api-starter", then.Entitlements[1].Plan.Plan.Code)
}
