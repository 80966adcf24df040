package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// dues is a scene whose account is assigned, cut off and billed by hand.
type dues struct {
	*harness.Scene
	t *testing.T
}

var monday = day("2026-02-02T00:00:00Z")

func newDues(t *testing.T, in harness.Setting) *dues {
	t.Helper()
	t.Parallel()
	in.Now = monday
	return &dues{Scene: harness.NewScene(t, in), t: t}
}

// assign puts the account on the scene's plan from the clock's present instant, and gives the drafts of that run.
func (d *dues) assign(at time.Time) (models.PlanAssignment, []uuid.UUID) {
	d.t.Helper()
	d.SetClock(at)
	out, err := d.Store.AssignPlan(d.t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual",
		SourceRef: at.String()})
	require.NoError(d.t, err)
	d.turn(out.Assignment)
	return out.Assignment, d.close(at)
}

func (d *dues) turn(a models.PlanAssignment) {
	d.t.Helper()
	turn, err := d.Store.NextTurn(d.t.Context(), d.Call, a.ID)
	require.NoError(d.t, err)
	require.NoError(d.t, d.Store.TakeTurn(d.t.Context(), d.Call, a.ID, turn))
	next, err := d.Store.NextIssuance(d.t.Context(), d.Call, a.ID, harness.SceneRule)
	require.NoError(d.t, err)
	require.NoError(d.t, d.Store.IssueLot(d.t.Context(), d.Call, a.ID, harness.SceneRule, next.Index))
}

func (d *dues) close(boundary time.Time) []uuid.UUID {
	d.t.Helper()
	_, err := d.Store.FreezeRun(d.t.Context(), d.Call, d.Account.ID, boundary)
	require.NoError(d.t, err)
	out, err := d.Store.CloseRun(d.t.Context(), d.Call, d.Account.ID, boundary)
	require.NoError(d.t, err)
	require.Zero(d.t, out.Pending)
	return out.Invoices
}

// cut cancels the assignment at once, which gives the unused part of its fee as account credit; its run bills nothing.
func (d *dues) cut(a models.PlanAssignment, at time.Time) {
	d.t.Helper()
	d.SetClock(at)
	_, err := d.Store.CancelAssignment(d.t.Context(), d.Call, a.ID, models.CancelNow)
	require.NoError(d.t, err)
	d.turn(a)
	d.SetClock(at.Add(time.Hour))
	require.Empty(d.t, d.close(at))
}

func (d *dues) finalize(id uuid.UUID) models.Invoice {
	d.t.Helper()
	inv, err := d.Store.FinalizeInvoice(d.t.Context(), d.Call, id)
	require.NoError(d.t, err)
	again, err := d.Store.FinalizeInvoice(d.t.Context(), d.Call, id)
	require.NoError(d.t, err)
	require.Equal(d.t, inv.Version, again.Version, "a repeat changes nothing")
	d.sound()
	return inv
}

func (d *dues) row(id uuid.UUID) models.Invoice {
	d.t.Helper()
	inv, _, err := d.Store.FindInvoice(d.t.Context(), d.Call, id)
	require.NoError(d.t, err)
	return inv
}

func (d *dues) sound() { d.t.Helper(); require.Empty(d.t, d.Sound()) }

func (d *dues) credit() string {
	d.t.Helper()
	return d.Text("SELECT trim_scale(-balance) FROM ledger_balances WHERE account LIKE 'account_credit:%'")
}

func (d *dues) pay(id uuid.UUID, amount decimal.Decimal) bool {
	d.t.Helper()
	applied, err := d.Store.RecordPayment(d.t.Context(), d.Call, store.Paid{Invoice: id, Object: "in_" + id.String(), Ref: "pi_" + id.String(),
		Amount: money.Amount{Value: amount, Asset: "EUR"}})
	require.NoError(d.t, err)
	d.sound()
	return applied
}

func TestAccountCreditPaysTheNextInvoicesUntilItIsUsedUp(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe})
	first, drafts := d.assign(monday)
	d.pay(drafts[0], d.finalize(drafts[0]).AmountDue())
	d.cut(first, monday.Add(time.Hour)) // 671 of 672 hours come back
	require.Equal(t, "28.96", d.credit())

	_, drafts = d.assign(monday.Add(3 * time.Hour))
	inv := d.finalize(drafts[0])
	same(t, "29", inv.Total)
	same(t, "28.96", inv.AppliedCredits)
	same(t, "0.04", inv.AmountDue())
	require.Equal(t, models.InvoiceOpen, inv.Status)
	require.Equal(t, "0", d.credit())
	require.Equal(t, "0.04", d.Text("SELECT trim_scale(balance) FROM ledger_balances WHERE account LIKE 'ar:%'"))
}

func TestAnInvoiceThatAccountCreditCoversIsPaidAndTakesNoMore(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe})
	first, drafts := d.assign(monday)
	d.pay(drafts[0], d.finalize(drafts[0]).AmountDue())
	d.cut(first, monday) // all of it comes back
	second, drafts := d.assign(monday.Add(2 * time.Hour))
	inv := d.finalize(drafts[0])
	same(t, "29", inv.AppliedCredits)
	same(t, "0", inv.AmountDue())
	require.Equal(t, models.InvoicePaid, inv.Status)
	require.Equal(t, inv.FinalizeAt, *inv.PaidAt)
	require.Equal(t, models.CollectionNone, inv.Collection)
	require.Equal(t, "0", d.credit())
	require.Equal(t, "0", d.Text("SELECT count(*) FROM payments WHERE invoice_id = $1", inv.ID))

	// What was paid by credit is given back as credit, too.
	d.cut(second, monday.Add(2*time.Hour))
	require.Equal(t, "29", d.credit())
	d.sound()
}

func TestTwoInvoicesFinalisedAtOnceShareTheCreditAndLoseNone(t *testing.T) {
	d := newDues(t, harness.Setting{})
	first, drafts := d.assign(monday)
	d.finalize(drafts[0])
	d.cut(first, monday)
	second, one := d.assign(monday.Add(2 * time.Hour))
	d.SetClock(monday.Add(3 * time.Hour))
	_, err := d.Store.CancelAssignment(t.Context(), d.Call, second.ID, models.CancelNow)
	require.NoError(t, err)
	d.turn(second) // this credit is dated after the first draft
	d.SetClock(monday.Add(4 * time.Hour))
	d.close(monday.Add(3 * time.Hour))
	_, two := d.assign(monday.Add(5 * time.Hour))
	var wg sync.WaitGroup
	for range 4 {
		for _, id := range []uuid.UUID{two[0], one[0]} {
			wg.Go(func() {
				_, err := d.Store.FinalizeInvoice(t.Context(), d.Call, id)
				require.NoError(t, err)
			})
		}
	}
	wg.Wait()
	d.sound()
	require.Equal(t, "2", d.Text("SELECT count(*) FROM ledger_transactions WHERE kind = 'account_credit_used'"))
	same(t, "57.96", d.row(one[0]).AppliedCredits.Add(d.row(two[0]).AppliedCredits)) // 29 and 28.96 were given
	require.Equal(t, "0", d.credit())
}

func TestAnInvoiceFinalisedLateTakesNoCreditThatWasGivenAfterIt(t *testing.T) {
	d := newDues(t, harness.Setting{})
	first, drafts := d.assign(monday)
	d.cut(first, monday.Add(time.Hour)) // the credit is dated an hour after the invoice, which nobody has finalised yet
	inv := d.finalize(drafts[0])
	same(t, "0", inv.AppliedCredits)
	require.Equal(t, "28.96", d.credit())

	second, drafts := d.assign(monday.Add(3 * time.Hour))
	d.cut(second, monday.Add(4*time.Hour))
	same(t, "28.96", d.finalize(drafts[0]).AppliedCredits) // what was there before, and nothing of the second
	require.Equal(t, "28.96", d.credit())
}

func TestAnInvoiceTooSmallForTheProviderIsPaidWithTheNext(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe, Fee: "0.30"})
	a, one := d.assign(monday)
	small := d.finalize(one[0])
	require.Equal(t, models.InvoiceOpen, small.Status)
	require.Equal(t, models.CollectionCarried, small.Collection)
	_, ok, err := d.Store.InvoiceAttempt(t.Context(), d.Call, small.ID)
	require.NoError(t, err)
	require.False(t, ok, "it is not collected alone")

	next := monday.AddDate(0, 1, 0)
	d.SetClock(next.Add(time.Hour))
	d.turn(a)
	two := d.close(next)
	big := d.finalize(two[0])
	same(t, "0.30", big.Total)
	same(t, "0.30", big.CarriedIn)
	same(t, "0.60", big.AmountDue())
	require.Equal(t, models.CollectionCollecting, big.Collection)
	require.Equal(t, big.ID, *d.row(small.ID).CarriedTo)
	carried, err := d.Store.CarriedInto(t.Context(), d.Call, big.ID)
	require.NoError(t, err)
	require.Len(t, carried, 1)

	require.True(t, d.pay(big.ID, dec("0.60")))
	require.False(t, d.pay(big.ID, dec("0.60")), "told twice")
	for _, id := range []uuid.UUID{small.ID, big.ID} {
		require.Equal(t, models.InvoicePaid, d.row(id).Status)
	}
	require.Equal(t, "0", d.Text("SELECT trim_scale(balance) FROM ledger_balances WHERE account LIKE 'ar:%'"))
	require.Equal(t, "1", d.Text("SELECT count(*) FROM payments"))
}

func TestSmallInvoicesAreCarriedTogetherAndOnce(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe, Fee: "0.20"})
	a, ids := d.assign(monday)
	d.finalize(ids[0])
	var drafts []uuid.UUID
	for k := 1; k <= 3; k++ {
		boundary := monday.AddDate(0, k, 0)
		d.SetClock(boundary.Add(time.Hour))
		d.turn(a)
		drafts = append(drafts, d.close(boundary)...)
	}
	// Three at once: two are too small even with those before them, whichever they are.
	var wg sync.WaitGroup
	for _, id := range drafts {
		wg.Go(func() {
			_, err := d.Store.FinalizeInvoice(t.Context(), d.Call, id)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	d.sound()
	require.Equal(t, "0.6", d.Text("SELECT trim_scale(total - applied_credits + carried_in) FROM invoices WHERE collection = 'collecting'"))
	require.Equal(t, "2", d.Text("SELECT count(*) FROM invoices WHERE carried_to IS NOT NULL"))
	require.Equal(t, "1", d.Text("SELECT count(*) FROM invoices WHERE collection = 'carried' AND carried_to IS NULL"))
}

func TestACarriedInvoiceIsNeverCarriedToAnother(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe, Fee: "0.30"})
	a, one := d.assign(monday)
	d.finalize(one[0])
	d.SetClock(monday.AddDate(0, 1, 0).Add(time.Hour))
	d.turn(a)
	two := d.finalize(d.close(monday.AddDate(0, 1, 0))[0])
	require.ErrorContains(t, d.Store.InRealm(t.Context(), d.Call, "UPDATE invoices SET carried_to = NULL WHERE id = ?", one[0]), "collected with another")
	d.SetClock(monday.AddDate(0, 2, 0).Add(time.Hour))
	d.turn(a)
	three := d.finalize(d.close(monday.AddDate(0, 2, 0))[0])
	require.Equal(t, models.CollectionCarried, three.Collection, "the first is on its way already")
	require.True(t, d.pay(two.ID, dec("0.60")))
	require.Equal(t, models.InvoiceOpen, d.row(three.ID).Status)
}

func TestTheProvidersMinimumItselfIsCollected(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe, Fee: "0.50"})
	_, ids := d.assign(monday)
	require.Equal(t, models.CollectionCollecting, d.finalize(ids[0]).Collection)
}

func TestWithoutAProviderNothingIsTooSmall(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectManual, Fee: "0.01"})
	_, ids := d.assign(monday)
	require.Equal(t, models.CollectionDue, d.finalize(ids[0]).Collection)
}
