package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// rest lets the scene's clock come to rest without its workflows: what they still had to do waits for the next month.
func (d *dues) rest() {
	d.t.Helper()
	d.Exec("DELETE FROM dispatch")
	d.Exec("UPDATE waits SET status = 'waiting', due_at = '2026-03-02T00:00:00Z'")
	d.Exec("UPDATE operations SET status = 'succeeded', finished_at = recorded_at WHERE status = 'running'")
}

func (d *dues) deleteClock() (models.TestClock, error) {
	return d.Store.DeleteClock(d.t.Context(), d.Call, d.Clock.ID)
}

func TestADeletedClockClosesItsAccountsAndNothingMoreIsBilledCollectedOrGranted(t *testing.T) {
	d := newDues(t, harness.Setting{Collection: models.CollectStripe})
	a, drafts := d.assign(monday)
	ask, err := d.Store.Authorize(t.Context(), d.Call, store.Ask{Account: d.Account.ID, FeatureCode: harness.SceneFeature, TTL: time.Hour, Key: "k",
		Hash: []byte("k"), Secret: []byte("s"), Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("100000")}}})
	require.NoError(t, err)
	require.True(t, ask.Decision.Allow)
	d.rest()
	entries := d.Text("SELECT count(*) FROM ledger_entries")

	c, err := d.deleteClock()
	require.NoError(t, err)
	require.Equal(t, models.ClockDeleted, c.Status)
	account, err := d.Store.FindAccount(t.Context(), d.Call, d.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountClosed, account.Status)
	require.Equal(t, "released", d.Text("SELECT status FROM leases"))
	require.Equal(t, "0", d.Text("SELECT sum(held) FROM account_funds"))
	require.Equal(t, "BillingPeriod,CreditIssuance,Invoice,PlanAssignment", d.Text(`SELECT string_agg(DISTINCT workflow_type, ',' ORDER BY workflow_type)
		FROM outbox o JOIN dispatch d ON d.id = o.id WHERE kind = 'signal'`), "all that waits on it is told")
	again, err := d.deleteClock()
	require.NoError(t, err)
	require.Equal(t, c.Version, again.Version, "a repeat changes nothing")
	require.Equal(t, keys.Encode(keys.BillingAccount, d.Account.ID),
		d.Text("SELECT string_agg(after #>> '{Closed,0}', ',') FROM audit_log WHERE action = 'test_clock.delete'"), "one row, which names what was closed")

	d.SetClock(monday.AddDate(0, 3, 0)) // which nothing can do by way of the clock
	ctx := t.Context()
	turn, err := d.Store.NextTurn(ctx, d.Call, a.ID)
	require.NoError(t, err)
	require.Equal(t, store.TurnOver, turn.Kind)
	require.NoError(t, d.Store.TakeTurn(ctx, d.Call, a.ID, store.Turn{Kind: store.TurnNext, DueAt: monday.AddDate(0, 1, 0), Index: 1}))
	next, err := d.Store.NextIssuance(ctx, d.Call, a.ID, harness.SceneRule)
	require.NoError(t, err)
	require.True(t, next.Over)
	require.NoError(t, d.Store.IssueLot(ctx, d.Call, a.ID, harness.SceneRule, 1))
	run, err := d.Store.PlanRun(ctx, d.Call, d.Account.ID, monday.AddDate(0, 1, 0))
	require.NoError(t, err)
	require.True(t, run.Over)
	require.Empty(t, d.close(monday.AddDate(0, 1, 0)))
	_, err = d.Store.FinalizeInvoice(ctx, d.Call, drafts[0])
	require.NoError(t, err)
	_, ok, err := d.Store.InvoiceAttempt(ctx, d.Call, drafts[0])
	require.NoError(t, err)
	require.False(t, ok)
	require.Equal(t, "draft", d.Text("SELECT status FROM invoices"))
	require.Equal(t, "1", d.Text("SELECT count(*) FROM billing_periods"))
	require.Equal(t, entries, d.Text("SELECT count(*) FROM ledger_entries"))
	work, _, err := d.Store.ListUnfinished(ctx, d.Call, [16]byte{}, 10)
	require.NoError(t, err)
	for _, w := range work {
		require.Contains(t, d.Text("SELECT string_agg(workflow_id, ',') FROM waits"), w.WorkflowID, "the reconciler starts nothing, it only tidies waits")
	}
	require.NoError(t, d.Store.ParkAccount(ctx, d.Call, d.Account.ID, "a step that was refused while it was being closed"))
	d.SetClock(monday)
	d.sound()
}

func TestNothingBeginsOnADeletedClock(t *testing.T) {
	d := newDues(t, harness.Setting{})
	a, _ := d.assign(monday)
	d.rest()
	_, err := d.deleteClock()
	require.NoError(t, err)
	refused := func(code string, err error) {
		t.Helper()
		require.True(t, fault.Is(err, code), "%v", err)
	}
	ctx := t.Context()
	_, err = d.Store.AdvanceClock(ctx, d.Call, d.Clock.ID, monday.AddDate(1, 0, 0))
	refused("state_conflict", err)
	_, err = d.Store.CreateClock(ctx, d.Call, d.Clock.Name, monday)
	require.NoError(t, err, "its name is free again")
	_, err = d.Store.CreateAccount(ctx, d.Call, store.NewAccount{PrincipalID: "late", Name: "Late", Timezone: "UTC", TestClock: &d.Clock.ID})
	refused("state_conflict", err)
	_, err = d.Store.CancelAssignment(ctx, d.Call, a.ID, models.CancelNow)
	refused("account_closed", err)
	_, err = d.Store.AssignPlan(ctx, d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "b"})
	refused("account_closed", err)
	_, err = d.Store.OpenCheckout(ctx, d.Call, store.NewCheckout{Account: d.Account.ID, Asset: "CREDIT", Quantity: dec("1")})
	refused("account_closed", err)
}

func TestAClockThatIsMovingOrBusyIsNotDeletedAndABlockedOneIs(t *testing.T) {
	d := newDues(t, harness.Setting{})
	out, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "a"})
	require.NoError(t, err)
	_, err = d.deleteClock()
	require.True(t, fault.Is(err, "clock_busy"), "its workflows have only been decided on: %v", err)
	_, err = d.Store.RecordUsage(t.Context(), d.Call, store.Report{Account: d.Account.ID, Key: "k", Hash: []byte("k"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("100000")}}})
	require.NoError(t, err)
	d.park()
	_, err = d.Store.AdvanceClock(t.Context(), d.Call, d.Clock.ID, monday.AddDate(0, 0, 1))
	require.NoError(t, err)
	_, err = d.deleteClock()
	require.True(t, fault.Is(err, "state_conflict"), "it is moving: %v", err)
	_, err = d.Store.FinishClock(t.Context(), d.Call, d.Clock.ID, 0, []string{"the account is parked"})
	require.NoError(t, err)
	d.Exec(`INSERT INTO provider_calls (realm_id, key, generation, billing_account_id, verb, object_ref, params_hash, status, params, first_sent_at, effective_at, recorded_at)
		SELECT realm_id, 'k', 1, id, 'invoice.pay', 'x', '', 'unknown', '{}', now(), now(), now() FROM billing_accounts`)
	_, err = d.deleteClock()
	require.True(t, fault.Is(err, "clock_busy"), "money may have moved: %v", err)
	d.Exec("UPDATE provider_calls SET status = 'succeeded'")

	call := d.Call
	call.Match = store.Versions{1}
	_, err = d.Store.DeleteClock(t.Context(), call, d.Clock.ID)
	require.True(t, fault.Is(err, "version_conflict"), "%v", err)
	c, err := d.deleteClock()
	require.NoError(t, err)
	require.Empty(t, c.BlockedOn)
	require.Equal(t, "skipped account_closed", d.Text("SELECT status || ' ' || reason FROM usage_events"))
	require.Equal(t, "0", d.Text("SELECT count(*) FROM dispatch WHERE topic = 'rating'"))
	require.Equal(t, "canceled", d.Text("SELECT status FROM operations WHERE resource_id = $1", out.Assignment.ID))
}
