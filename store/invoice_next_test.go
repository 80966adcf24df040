package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// The boundary has its invoice: a second one at the same instant would have the first one's id, and its provider keys.
func TestAFeeThatBeginsAtAnInstantAlreadyInvoicedIsBilledOnTheNextRun(t *testing.T) {
	d := newDues(t, harness.Setting{})
	base, drafts := d.assign(monday)
	require.Len(t, drafts, 1)
	terms := starter()
	terms.Fee, terms.Grants = &models.Fee{Amount: dec("10.00"), Currency: "EUR"}, nil
	p, err := d.Store.CreatePlan(t.Context(), d.Call, store.NewPlan{PricingModelID: d.Plan.PricingModelID, Code: "extra", Name: "Extra", Kind: models.Addon, Terms: terms})
	require.NoError(t, err)
	p, err = d.Store.PublishPlanVersion(t.Context(), d.Call, store.PlanRef{PlanID: p.ID, Version: store.Versions{p.Version}})
	require.NoError(t, err)
	addon, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: p.ID, SourceKind: "manual", SourceRef: "extra"})
	require.NoError(t, err)
	take := func() {
		turn, err := d.Store.NextTurn(t.Context(), d.Call, addon.Assignment.ID)
		require.NoError(t, err)
		require.NoError(t, d.Store.TakeTurn(t.Context(), d.Call, addon.Assignment.ID, turn))
	}
	take()
	require.Empty(t, d.close(monday), "the instant has its invoice")
	same(t, "29", d.finalize(drafts[0]).Total)

	next := monday.AddDate(0, 1, 0)
	d.SetClock(next.AddDate(0, 0, 1))
	d.turn(base)
	take()
	ids := d.close(next)
	require.Len(t, ids, 1)
	same(t, "49", d.finalize(ids[0]).Total) // 29 and 10 of the period that begins, and 10 of the one that nobody billed
	require.Equal(t, "2", d.Text("SELECT count(*) FROM invoice_lines WHERE description LIKE 'Extra%'"))
}

func TestACarriedInvoiceOfAnAccountThatLeavesStaysOpenAndIsCollectedWhenItComesBack(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe, Fee: "0.30"})
	a, drafts := d.assign(monday)
	small := d.finalize(drafts[0])
	require.Equal(t, models.CollectionCarried, small.Collection)
	d.SetClock(monday.AddDate(0, 0, 1))
	_, err := d.Store.CancelAssignment(t.Context(), d.Call, a.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	end := monday.AddDate(0, 1, 0)
	d.SetClock(end.AddDate(0, 6, 0)) // long gone
	turn, err := d.Store.NextTurn(t.Context(), d.Call, a.ID)
	require.NoError(t, err)
	require.Equal(t, store.TurnEnd, turn.Kind)
	require.NoError(t, d.Store.TakeTurn(t.Context(), d.Call, a.ID, turn))
	require.Empty(t, d.close(end))
	left := d.row(small.ID)
	require.Equal(t, models.InvoiceOpen, left.Status)
	require.Equal(t, models.CollectionCarried, left.Collection)
	require.Equal(t, "0.3", d.Text("SELECT trim_scale(balance) FROM ledger_balances WHERE account LIKE 'ar:%'"), "nobody wrote it off")
	d.sound()

	_, drafts = d.assign(end.AddDate(0, 7, 0))
	back := d.finalize(drafts[0])
	same(t, "0.3", back.CarriedIn)
	same(t, "0.6", back.AmountDue())
	require.True(t, d.pay(back.ID, back.AmountDue()))
	require.Equal(t, models.InvoicePaid, d.row(small.ID).Status)
	require.Equal(t, "0", d.Text("SELECT trim_scale(balance) FROM ledger_balances WHERE account LIKE 'ar:%'"))
}
