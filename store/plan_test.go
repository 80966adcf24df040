package store_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestAPlanGoesFromDraftToActiveAndTheNextVersionTakesItsPlace(t *testing.T) {
	c := newCatalog(t)
	plan := c.plan("api-starter", starter())
	require.Equal(t, models.Draft, plan.Versions[0].Status)
	require.Equal(t, []uuid.UUID{c.feature.ID}, plan.Versions[0].FeatureIDs)

	plan = c.publish(plan)
	require.Equal(t, models.Active, plan.Versions[0].Status)
	require.NotNil(t, plan.Versions[0].PublishedAt)

	plan, err := c.st.AddPlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID})
	require.NoError(t, err)
	require.Len(t, plan.Versions, 2)
	require.Equal(t, plan.Versions[0].FeatureIDs, plan.Versions[1].FeatureIDs)
	require.True(t, plan.Versions[1].Terms.Fee.Amount.Equal(dec("29")), "a new draft begins as a copy")
	_, err = c.st.AddPlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID})
	require.True(t, fault.Is(err, "state_conflict"), "one draft at a time: %v", err)

	plan = c.publish(plan)
	require.Equal(t, models.Deprecated, plan.Versions[0].Status)
	require.Equal(t, models.Active, plan.Versions[1].Status)

	plan, err = c.st.DeprecatePlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID, Number: 2})
	require.NoError(t, err)
	require.Equal(t, models.Deprecated, plan.Versions[1].Status)
}

func TestADraftChangesOnlyForWhoeverHasReadIt(t *testing.T) {
	c := newCatalog(t)
	plan := c.plan("p", starter())
	cheaper := starter()
	cheaper.Fee.Amount = dec("19.00")

	_, err := c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: store.PlanRef{PlanID: plan.ID}, Terms: &cheaper})
	require.True(t, fault.Is(err, "precondition_required"), "%v", err)
	_, err = c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: store.PlanRef{PlanID: plan.ID, Version: store.Versions{7}}, Terms: &cheaper})
	require.True(t, fault.Is(err, "version_conflict"), "%v", err)

	next, err := c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: latest(plan), Name: ptr("Better"), Rank: ptr(3), Terms: &cheaper,
		FeatureIDs: &[]uuid.UUID{}})
	require.NoError(t, err)
	require.Equal(t, plan.Version+1, next.Version)
	require.Equal(t, "Better", next.Name)
	require.Equal(t, 3, next.Rank)
	require.True(t, next.Versions[0].Terms.Fee.Amount.Equal(dec("19")))
	require.Empty(t, next.Versions[0].FeatureIDs)

	back, err := c.st.ReplaceEntitlements(c.ctx, c.call, latest(next), []uuid.UUID{c.feature.ID})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{c.feature.ID}, back.Versions[0].FeatureIDs)
	stored, err := c.st.GetPlan(c.ctx, c.call, plan.ID)
	require.NoError(t, err)
	require.Equal(t, "Better", stored.Name)
	require.Equal(t, back, stored)
}

func TestOfTwoWritersWithOneVersionOneWins(t *testing.T) {
	c := newCatalog(t)
	plan := c.plan("p", starter())
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: latest(plan), Rank: ptr(i + 1)})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, fault.Is(err, "version_conflict"), "%v", err)
	}
	require.Equal(t, 1, won)
}

func TestAPublishedVersionIsImmutableInCodeAndInTheDatabase(t *testing.T) {
	c := newCatalog(t)
	plan := c.publish(c.plan("p", starter()))
	version := plan.Versions[0].ID

	terms := starter()
	for name, change := range map[string]func() error{
		"update": func() error {
			_, err := c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: latest(plan), Terms: &terms})
			return err
		},
		"entitlements": func() error {
			_, err := c.st.ReplaceEntitlements(c.ctx, c.call, latest(plan), nil)
			return err
		},
		"delete": func() error { _, err := c.st.DeletePlanDraft(c.ctx, c.call, latest(plan)); return err },
		"terms in sql": func() error {
			return c.st.InRealm(c.ctx, c.call, `UPDATE plan_versions SET terms = '{}' WHERE id = ?`, version)
		},
		"row in sql": func() error { return c.st.InRealm(c.ctx, c.call, `DELETE FROM plan_versions WHERE id = ?`, version) },
		"entitlements in sql": func() error {
			return c.st.InRealm(c.ctx, c.call, `DELETE FROM plan_version_entitlements WHERE plan_version_id = ?`, version)
		},
	} {
		require.True(t, fault.Is(change(), "immutable_resource"), "%s: %v", name, change())
	}
	now, err := c.st.GetPlan(c.ctx, c.call, plan.ID)
	require.NoError(t, err)
	require.Equal(t, plan, now)
}

func TestPricesAndCreditValuesAreNeverEdited(t *testing.T) {
	c := newCatalog(t)
	c.price("EUR", "1", day("2026-01-01T00:00:00Z"))
	owner := harness.Owner(t, c.url)
	for _, sql := range []string{`UPDATE meter_prices SET asset = 'USD'`, `DELETE FROM meter_prices`, `TRUNCATE meter_prices CASCADE`} {
		require.Error(t, c.st.InRealm(c.ctx, c.call, sql), "the app has no grant: %s", sql)
		_, err := owner.Exec(c.ctx, sql)
		require.ErrorContains(t, err, "append-only", "the owner meets the trigger: %s", sql)
	}
}

func TestPublishingNamesEveryWrongTerm(t *testing.T) {
	c := newCatalog(t)
	for name, broken := range map[string]struct {
		change func(*models.PlanTerms)
		want   []string
	}{
		"cadence":        {func(p *models.PlanTerms) { p.Cadence.Unit = "fortnight" }, []string{"/terms/cadence/unit"}},
		"currency":       {func(p *models.PlanTerms) { p.Fee.Currency = "CREDIT" }, []string{"/terms/fee/currency"}},
		"negative fee":   {func(p *models.PlanTerms) { p.Fee.Amount = dec("-1") }, []string{"/terms/fee/amount"}},
		"half a cent":    {func(p *models.PlanTerms) { p.Fee.Amount = dec("29.005") }, []string{"/terms/fee/amount"}},
		"half a yen":     {func(p *models.PlanTerms) { p.Fee = &models.Fee{Amount: dec("0.5"), Currency: "JPY"} }, []string{"/terms/fee/amount"}},
		"unknown asset":  {func(p *models.PlanTerms) { p.Grants[0].Asset = "GOLD" }, []string{"/terms/grants/0/asset"}},
		"empty grant":    {func(p *models.PlanTerms) { p.Grants[0].Amount = dec("0") }, []string{"/terms/grants/0/amount"}},
		"ten decimals":   {func(p *models.PlanTerms) { p.Grants[0].Amount = dec("0.0000000001") }, []string{"/terms/grants/0/amount"}},
		"expiry":         {func(p *models.PlanTerms) { p.Grants[0].Expires = "someday" }, []string{"/terms/grants/0/expires"}},
		"same rule code": {func(p *models.PlanTerms) { p.Grants = append(p.Grants, p.Grants[0]) }, []string{"/terms/grants/1/code"}},
		"grace":          {func(p *models.PlanTerms) { p.GraceSeconds = 72*3600 + 1 }, []string{"/terms/grace_seconds"}},
		"several at once": {func(p *models.PlanTerms) { p.OverageMode, p.Collection, p.GraceSeconds = "", "", -1 },
			[]string{"/terms/overage_mode", "/terms/collection", "/terms/grace_seconds"}},
	} {
		terms := starter()
		broken.change(&terms)
		plan := c.plan("p"+uuid.NewString()[:8], terms)
		_, err := c.st.PublishPlanVersion(c.ctx, c.call, latest(plan))
		t.Log(name)
		requireFields(t, err, broken.want...)
		after, err := c.st.GetPlan(c.ctx, c.call, plan.ID)
		require.NoError(t, err)
		require.Equal(t, plan, after, "a refused publish changes nothing")
	}
}

func TestADraftCanBeTakenBackUnlessItIsAllThereIs(t *testing.T) {
	c := newCatalog(t)
	plan := c.plan("p", starter())
	_, err := c.st.DeletePlanDraft(c.ctx, c.call, latest(plan))
	require.True(t, fault.Is(err, "in_use"), "%v", err)
	plan, err = c.st.AddPlanVersion(c.ctx, c.call, store.PlanRef{PlanID: c.publish(plan).ID})
	require.NoError(t, err)
	plan, err = c.st.DeletePlanDraft(c.ctx, c.call, latest(plan))
	require.NoError(t, err)
	require.Len(t, plan.Versions, 1)
}

func TestAFreePlanIsPublishedAndStaysFree(t *testing.T) {
	c := newCatalog(t)
	plan := c.plan("free", free())
	set := func(p store.PlanDetail) error {
		_, err := c.st.SetFreePlan(c.ctx, c.call, store.FreePlan{PricingModelID: c.model.ID, PlanID: p.ID})
		return err
	}
	require.True(t, fault.Is(set(plan), "state_conflict"), "not published yet")
	require.True(t, fault.Is(set(c.publish(c.plan("paid", starter()))), "state_conflict"), "it has a fee")
	plan = c.publish(plan)
	require.NoError(t, set(plan))

	_, err := c.st.DeprecatePlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID})
	require.True(t, fault.Is(err, "in_use"), "%v", err)
	plan, err = c.st.GetPlan(c.ctx, c.call, plan.ID)
	require.NoError(t, err)
	plan, err = c.st.AddPlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID})
	require.NoError(t, err)
	plan, err = c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: latest(plan), Terms: ptr(starter())})
	require.NoError(t, err)
	_, err = c.st.PublishPlanVersion(c.ctx, c.call, latest(plan))
	require.True(t, fault.Is(err, "state_conflict"), "%v", err)
}

func TestPlansAreFoundByCodeAndByStatus(t *testing.T) {
	c := newCatalog(t)
	c.plan("draft-only", starter())
	live := c.publish(c.plan("live", starter()))
	for _, filter := range []store.PlanFilter{{Code: "live"}, {Status: models.Active}, {Status: models.Active, Kind: models.Base, PricingModelID: &c.model.ID}} {
		rows, more, err := c.st.ListPlans(c.ctx, c.call, store.Page{Limit: 10}, filter)
		require.NoError(t, err)
		require.False(t, more)
		require.Len(t, rows, 1)
		require.Equal(t, live, rows[0])
	}
}

func TestChangesThatMayAlterTermsRaiseTheCatalogVersion(t *testing.T) {
	c := newCatalog(t)
	version := func() int64 {
		realm, err := c.st.GetRealm(c.ctx, c.call)
		require.NoError(t, err)
		return realm.CatalogVersion
	}
	before := version()
	c.price("EUR", "1", day("2026-01-01T00:00:00Z"))
	afterPrice := version()
	require.Greater(t, afterPrice, before)
	plan := c.plan("p", starter())
	require.Equal(t, afterPrice, version(), "a draft alters nothing yet")
	c.publish(plan)
	require.Greater(t, version(), afterPrice)
}
