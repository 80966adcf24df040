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
	"github.com/durabill/durabill/tests/harness"
)

func (d *dues) park() {
	d.t.Helper()
	require.NoError(d.t, d.Store.ParkAccount(d.t.Context(), d.Call, d.Account.ID, "a sum looks wrong"))
}

func (d *dues) refused(err error) {
	d.t.Helper()
	require.True(d.t, fault.Is(err, "account_parked"), "%v", err)
}

func (d *dues) money() string {
	return d.Text(`SELECT format('%s periods, %s lots in force, %s invoices, %s transactions, %s attempts', (SELECT count(*) FROM billing_periods),
		(SELECT count(*) FROM credit_lots WHERE status <> 'scheduled'), (SELECT count(*) FROM invoices), (SELECT count(*) FROM ledger_transactions),
		(SELECT coalesce(sum(attempts), 0) FROM invoices))`)
}

func TestAParkedAccountIsNotBilledCollectedOrGrantedUntilItIsUnparkedAndThenCatchesUp(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe})
	a, drafts := d.assign(monday)
	d.finalize(drafts[0])
	d.park()
	before := d.money()
	d.SetClock(monday.AddDate(0, 3, 0).Add(2 * time.Hour)) // three periods pass
	ctx := t.Context()
	turn, err := d.Store.NextTurn(ctx, d.Call, a.ID)
	require.NoError(t, err)
	d.refused(d.Store.TakeTurn(ctx, d.Call, a.ID, turn))
	d.refused(d.Store.IssueLot(ctx, d.Call, a.ID, harness.SceneRule, 1))
	_, err = d.Store.FreezeRun(ctx, d.Call, d.Account.ID, monday.AddDate(0, 1, 0))
	d.refused(err)
	_, err = d.Store.CloseRun(ctx, d.Call, d.Account.ID, monday.AddDate(0, 1, 0))
	d.refused(err)
	_, err = d.Store.FinalizeInvoice(ctx, d.Call, drafts[0])
	d.refused(err)
	_, _, err = d.Store.InvoiceAttempt(ctx, d.Call, drafts[0])
	d.refused(err)
	at := monday.AddDate(0, 2, 3) // in a period whose lot is not there yet
	_, err = d.Store.RecordUsage(ctx, d.Call, store.Report{Account: d.Account.ID, OccurredAt: &at, Key: "k", Hash: []byte("k"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("100000")}}})
	require.NoError(t, err, "usage is recorded")
	_, err = d.Store.RateUsage(ctx, d.Call, d.Account.ID, 10)
	d.refused(err)
	require.Equal(t, before, d.money())
	d.Exec("UPDATE dispatch SET due_at = due_at + interval '1 hour'")

	account, err := d.Store.UnparkAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountActive, account.Status)
	require.Equal(t, "0", d.Text("SELECT count(*) FROM dispatch WHERE topic = 'rating' AND due_at > clock_timestamp()"))
	for range 3 {
		d.turn(a) // with its lot
	}
	_, err = d.Store.RateUsage(ctx, d.Call, d.Account.ID, 10)
	require.NoError(t, err)
	_, err = d.Store.SettleRatings(ctx, d.Call, d.Account.ID, 10)
	require.NoError(t, err)
	var totals []string
	for k := 1; k <= 3; k++ {
		for _, id := range d.close(monday.AddDate(0, k, 0)) {
			inv := d.finalize(id)
			require.Equal(t, monday.AddDate(0, k, 0), inv.BoundaryAt)
			totals = append(totals, inv.Total.StringFixed(2))
		}
	}
	require.Equal(t, []string{"29.00", "29.00", "29.00"}, totals, "the usage found the lot of its period")
}

func TestUnparkingASuspendedAccountLeavesItSuspended(t *testing.T) {
	d := newDues(t, harness.Setting{})
	ctx := t.Context()
	_, err := d.Store.SuspendAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)
	d.park()
	d.park() // a second reason does not forget the first
	require.EqualValues(t, 1, d.Store.Parkings(), "a parked account is not parked again")
	account, err := d.Store.UnparkAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountSuspended, account.Status)
	_, err = d.Store.ResumeAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)

	d.park()
	account, err = d.Store.SuspendAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountParked, account.Status, "it stays parked")
	_, err = d.Store.SuspendAccount(ctx, d.Call, d.Account.ID)
	require.True(t, fault.Is(err, "state_conflict"), "%v", err)
	account, err = d.Store.UnparkAccount(ctx, d.Call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountSuspended, account.Status)
	require.Empty(t, account.ParkedFrom)
}

// months bills n months and gives the drafts of the last.
func (d *dues) months(a models.PlanAssignment, from, to int) (ids []uuid.UUID) {
	d.t.Helper()
	for k := from; k <= to; k++ {
		boundary := monday.AddDate(0, k, 0)
		d.SetClock(boundary.Add(time.Hour))
		d.turn(a)
		ids = d.close(boundary)
		d.finalize(ids[0])
	}
	return ids
}

func (d *dues) use(at time.Time, quantity string) {
	d.t.Helper()
	d.SetClock(at)
	_, err := d.Store.RecordUsage(d.t.Context(), d.Call, store.Report{Account: d.Account.ID, OccurredAt: &at, Key: quantity, Hash: []byte(quantity),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec(quantity)}}})
	require.NoError(d.t, err)
	for _, step := range []func() (int, error){
		func() (int, error) { return d.Store.RateUsage(d.t.Context(), d.Call, d.Account.ID, 10) },
		func() (int, error) { return d.Store.SettleRatings(d.t.Context(), d.Call, d.Account.ID, 10) },
	} {
		_, err := step()
		require.NoError(d.t, err)
	}
}

func TestAnInvoiceFarAboveThoseBeforeItParksTheAccountUntilSomeoneAcceptsIt(t *testing.T) {
	d := newDues(t, harness.Setting{})
	a, ids := d.assign(monday)
	d.finalize(ids[0])
	d.months(a, 1, 2) // three invoices of 29.00: up to 145.00 is ordinary
	d.use(monday.AddDate(0, 2, 5), "13700000")
	boundary := monday.AddDate(0, 3, 0)
	d.SetClock(boundary.Add(time.Hour))
	d.turn(a)
	freeze := func() error {
		_, err := d.Store.FreezeRun(t.Context(), d.Call, d.Account.ID, boundary)
		if err == nil {
			_, err = d.Store.CloseRun(t.Context(), d.Call, d.Account.ID, boundary)
		}
		return err
	}
	for range 2 { // killed and tried again
		d.refused(freeze())
	}
	require.Equal(t, "0", d.Text("SELECT count(*) FROM invoices WHERE boundary_at = $1", boundary))
	require.Equal(t, "invoice_total 146 145", d.Text("SELECT bound || ' ' || trim_scale(value) || ' ' || trim_scale(bound_limit) FROM safety_breaches"))
	require.Equal(t, "1", d.Text("SELECT count(*) FROM audit_log WHERE action = 'billing_account.park'"))
	d.sound()

	_, err := d.Store.UnparkAccount(t.Context(), d.Call, d.Account.ID)
	require.NoError(t, err)
	d.refused(freeze()) // nobody has accepted it
	call := d.Call
	call.Actor = "service_key:ops"
	_, err = d.Store.AcceptBounds(t.Context(), call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, "service_key:ops", d.Text("SELECT accepted_by FROM safety_breaches"))
	require.NoError(t, freeze())
	require.Equal(t, "146", d.Text("SELECT trim_scale(total) FROM invoices WHERE boundary_at = $1", boundary))
	d.park()
	_, err = d.Store.AcceptBounds(t.Context(), call, d.Account.ID)
	require.True(t, fault.Is(err, "state_conflict"), "there is nothing to accept: %v", err)
}

func TestAnInvoiceAtItsBoundOrWithoutHistoryIsOrdinary(t *testing.T) {
	d := newDues(t, harness.Setting{})
	a, ids := d.assign(monday)
	d.finalize(ids[0])
	d.use(monday.AddDate(0, 0, 5), "90000000") // 909 EUR, and only one invoice before it
	d.months(a, 1, 1)
	d.Exec("UPDATE realms SET safety_bounds = '{\"total_times\":\"1\",\"total_floor\":2900,\"total_history\":1}'")
	d.months(a, 2, 2)
}

func TestTooManyLinesOnADayParkTheAccount(t *testing.T) {
	d := newDues(t, harness.Setting{})
	d.Exec("UPDATE realms SET safety_bounds = '{\"lines_per_day\":1}'")
	first, ids := d.assign(monday)
	d.finalize(ids[0])
	d.cut(first, monday.Add(time.Hour))
	at := monday.Add(3 * time.Hour)
	d.SetClock(at)
	out, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "b"})
	require.NoError(t, err)
	d.turn(out.Assignment)
	_, err = d.Store.CloseRun(t.Context(), d.Call, d.Account.ID, at)
	d.refused(err)
	require.Equal(t, "invoice_lines 2 1", d.Text("SELECT bound || ' ' || trim_scale(value) || ' ' || trim_scale(bound_limit) FROM safety_breaches"))
}

func TestALotAboveWhatItsPlanPromisesIsNotGiven(t *testing.T) {
	d := newDues(t, harness.Setting{})
	out, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "a"})
	require.NoError(t, err)
	turn, err := d.Store.NextTurn(t.Context(), d.Call, out.Assignment.ID)
	require.NoError(t, err)
	require.NoError(t, d.Store.TakeTurn(t.Context(), d.Call, out.Assignment.ID, turn))
	d.Exec("UPDATE credit_lots SET issued = 20.21, remaining = 20.21")
	d.refused(d.Store.IssueLot(t.Context(), d.Call, out.Assignment.ID, harness.SceneRule, 0))
	require.Equal(t, "0", d.Text("SELECT count(*) FROM credit_lots WHERE status <> 'scheduled' OR posted"))
	require.Equal(t, "grant_total 20.21 20.2", d.Text("SELECT bound || ' ' || trim_scale(value) || ' ' || trim_scale(bound_limit) FROM safety_breaches"))
	_, err = d.Store.AcceptBounds(t.Context(), d.Call, d.Account.ID)
	require.NoError(t, err)
	require.NoError(t, d.Store.IssueLot(t.Context(), d.Call, out.Assignment.ID, harness.SceneRule, 0))
}
