package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestARunWaitsForAnAddonThatWasAgreedToEndAtItsBoundary(t *testing.T) {
	t.Parallel()
	start, end := time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	s := harness.NewScene(t, harness.Setting{Now: start})
	base := s.Assign(time.Time{})
	terms := starter()
	terms.Fee, terms.Grants, terms.GraceSeconds = &models.Fee{Amount: dec("10.00"), Currency: "EUR"}, nil, 7200
	p, err := s.Store.CreatePlan(t.Context(), s.Call, store.NewPlan{PricingModelID: s.Plan.PricingModelID, Code: "short", Name: "Short", Kind: models.Addon,
		Terms: terms})
	require.NoError(t, err)
	p, err = s.Store.PublishPlanVersion(t.Context(), s.Call, store.PlanRef{PlanID: p.ID, Version: store.Versions{p.Version}})
	require.NoError(t, err)
	middle := start.AddDate(0, 0, 10)
	addon, err := s.Store.AssignPlan(t.Context(), s.Call, store.NewAssignment{Account: s.Account.ID, Plan: p.ID, SourceKind: "manual", SourceRef: "short",
		Start: &middle, End: &end})
	require.NoError(t, err)
	take := func(a models.PlanAssignment) {
		turn, err := s.Store.NextTurn(t.Context(), s.Call, a.ID)
		require.NoError(t, err)
		require.NoError(t, s.Store.TakeTurn(t.Context(), s.Call, a.ID, turn))
	}
	run := func(boundary time.Time) store.ClosedRun {
		_, err := s.Store.FreezeRun(t.Context(), s.Call, s.Account.ID, boundary)
		require.NoError(t, err)
		out, err := s.Store.CloseRun(t.Context(), s.Call, s.Account.ID, boundary)
		require.NoError(t, err)
		return out
	}
	take(base)
	require.Len(t, run(start).Invoices, 1)
	s.SetClock(middle)
	take(addon.Assignment)
	require.Len(t, run(middle).Invoices, 1)
	s.SetClock(end.Add(time.Hour)) // of the base; the add-on's takes an hour more
	take(base)
	out := run(end)
	require.Equal(t, 1, out.Pending, "the add-on's end is still to come")
	require.Empty(t, out.Invoices)
	take(addon.Assignment)
	plan, err := s.Store.PlanRun(t.Context(), s.Call, s.Account.ID, end)
	require.NoError(t, err)
	require.Equal(t, end.Add(2*time.Hour), plan.DueAt)
	s.SetClock(plan.DueAt)
	require.Len(t, run(end).Invoices, 1)
	require.Empty(t, s.Sound())
}
