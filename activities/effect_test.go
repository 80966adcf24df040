package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

var end = time.Date(2026, 2, 27, 23, 0, 0, 0, time.UTC) // of the first period

// effect is an activity that has been made ready to run, and what its rows must say however often it ran.
type effect struct {
	name string
	make func(d *desk) func(context.Context) error
	want map[string]string // by query
}

var effects = []effect{
	{"TakeTurn", func(d *desk) func(context.Context) error {
		d.SetClock(start)
		turn, err := run(d, d.do.NextTurn, activities.AssignmentInput{Realm: d.Call.Realm, Assignment: d.assignment.ID})
		require.NoError(d.t, err)
		return on(d, silent(d.do.TakeTurn), activities.TakeTurnInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Turn: turn})
	}, map[string]string{
		"SELECT count(*) FROM billing_periods":                                 "1",
		"SELECT count(*) FROM outbox WHERE workflow_type = 'BillingPeriod'":    "1",
		"SELECT status FROM plan_assignments WHERE NOT is_free":                "active",
		"SELECT string_agg(period_index::text, ',') FROM billing_periods":      "0",
		"SELECT count(*) FROM waits WHERE workflow_id LIKE 'billing-period/%'": "1",
		"SELECT string_agg(start_at::date::text, ',') FROM billing_periods":    "2026-01-30",
	}},
	{"TakeTurn of a renewal", func(d *desk) func(context.Context) error {
		d.SetClock(start)
		d.turn()
		d.SetClock(end)
		turn, err := run(d, d.do.NextTurn, activities.AssignmentInput{Realm: d.Call.Realm, Assignment: d.assignment.ID})
		require.NoError(d.t, err)
		return on(d, silent(d.do.TakeTurn), activities.TakeTurnInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Turn: turn})
	}, map[string]string{
		"SELECT string_agg(period_index || ' ' || status, ',' ORDER BY period_index) FROM billing_periods": "0 grace,1 open",
		"SELECT count(*) FROM outbox WHERE workflow_type = 'BillingPeriod'":                                "2",
	}},
	{"IssueLot", func(d *desk) func(context.Context) error {
		d.SetClock(start)
		return on(d, silent(d.do.IssueLot), activities.IssueLotInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Rule: harness.SceneRule})
	}, map[string]string{
		"SELECT string_agg(period_index || ' ' || status, ',' ORDER BY period_index) FROM credit_lots": "0 active,1 scheduled",
		"SELECT count(*) FROM ledger_transactions":                                                     "1",
		"SELECT trim_scale(available) FROM account_funds":                                              "20",
	}},
	{"CloseRun", func(d *desk) func(context.Context) error {
		d.firstPeriod()
		return on(d, d.do.CloseRun, activities.RunInput{Realm: d.Call.Realm, Account: d.Account.ID, Boundary: end})
	}, map[string]string{
		"SELECT string_agg(total::float || ' ' || status, ',' ORDER BY boundary_at) FROM invoices": "29 draft,34 draft",
		"SELECT count(*) FROM invoice_lines":                                                              "3",
		"SELECT count(*) FROM ratings":                                                                    "1",
		"SELECT count(*) FROM settlements":                                                                "1",
		"SELECT string_agg(status, ',' ORDER BY period_index) FROM billing_periods":                       "closed,open",
		"SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'settlement/%'":                "1",
		"SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'billing-period/%/closed'":     "1",
		"SELECT count(*) FROM outbox WHERE workflow_type = 'Invoice'":                                     "2",
		"SELECT string_agg(status, ',' ORDER BY period_index) FROM credit_lots WHERE period_index < 2":    "expired,active",
		"SELECT count(*) FROM dispatch WHERE topic = 'settlement' OR topic = 'rating' OR topic = 'usage'": "0",
	}},
	{"FinalizeInvoice", func(d *desk) func(context.Context) error { return on(d, d.do.FinalizeInvoice, d.begin()) }, map[string]string{
		"SELECT status || ' ' || number FROM invoices":                                            "open INV-000001",
		"SELECT last_number FROM invoice_numbers":                                                 "1",
		"SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'invoice/%/finalized'": "1",
	}},
}

// firstPeriod is a first period with 25 CREDIT of usage, of which 20 are covered, and a clock that stands after its grace.
func (d *desk) firstPeriod() {
	d.t.Helper()
	d.begin()
	issue := activities.IssueLotInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Rule: harness.SceneRule}
	_, err := run(d, silent(d.do.IssueLot), issue)
	require.NoError(d.t, err)
	at := start.AddDate(0, 0, 5)
	d.SetClock(at)
	d.use("u1", "2500000", at)
	d.SetClock(end)
	d.turn()
	issue.Index = 1
	_, err = run(d, silent(d.do.IssueLot), issue)
	require.NoError(d.t, err)
	d.SetClock(end.Add(time.Hour))
}

func (d *desk) use(key, quantity string, at time.Time) {
	d.t.Helper()
	_, err := d.Store.RecordUsage(d.t.Context(), d.Call, store.Report{Account: d.Account.ID, OccurredAt: &at, Key: key, Hash: []byte(key),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.RequireFromString(quantity)}}})
	require.NoError(d.t, err)
}

// on is an activity that is about to run; the context it gets may end at any moment, as a process may.
func on[In, Out any](d *desk, do func(context.Context, In) (Out, error), in In) func(context.Context) error {
	return func(until context.Context) error {
		_, err := run(d, func(ctx context.Context, in In) (Out, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(until, cancel)()
			if until.Err() != nil {
				cancel() // it may be a while until AfterFunc does
			}
			return do(ctx, in)
		}, in)
		return err
	}
}

func (d *desk) had(e effect) {
	d.t.Helper()
	for query, want := range e.want {
		d.counts(want, query)
	}
	require.Empty(d.t, d.Sound())
}

func TestAnActivityThatIsKilledAtAnyMomentHasOneEffect(t *testing.T) {
	t.Parallel()
	for _, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			d := newDesk(t)
			do := e.make(d)
			died := 0
			for wait := time.Duration(0); ; wait += 700 * time.Microsecond {
				ctx, kill := context.WithTimeout(t.Context(), wait)
				err := do(ctx)
				kill()
				if err == nil {
					break
				}
				died++
				require.Less(t, died, 1000, err)
			}
			require.Positive(t, died)
			require.NoError(t, do(t.Context()))
			d.had(e)
		})
	}
}

func TestAnActivityThatRunsAtOnceAndAgainAfterItsCommitHasOneEffect(t *testing.T) {
	t.Parallel()
	for _, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			d := newDesk(t)
			do := e.make(d)
			errs := make(chan error, 8)
			d.atOnce(func() { errs <- do(context.Background()) })
			for range 8 {
				require.NoError(t, <-errs)
			}
			d.had(e)
			require.NoError(t, do(t.Context()))
			d.had(e)
		})
	}
}

func TestNothingBeginsBeforeItsInstant(t *testing.T) {
	d := newDesk(t)
	d.SetClock(start.Add(-time.Microsecond))
	turn, err := run(d, d.do.NextTurn, activities.AssignmentInput{Realm: d.Call.Realm, Assignment: d.assignment.ID})
	require.NoError(t, err)
	require.Equal(t, start, turn.DueAt)
	_, err = run(d, silent(d.do.TakeTurn), activities.TakeTurnInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Turn: turn})
	require.NoError(t, err, "a clock that steps back, as after a failover, is no reason to stop the account")
	_, err = run(d, silent(d.do.IssueLot), activities.IssueLotInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Rule: harness.SceneRule})
	require.NoError(t, err)
	d.counts("scheduled", "SELECT string_agg(status, ',') FROM credit_lots")
	d.counts("0", "SELECT count(*) FROM ledger_transactions")
	d.counts("0", "SELECT count(*) FROM billing_periods")

	draft := d.begin()
	d.Exec("UPDATE invoices SET finalize_at = $1", start.Add(time.Microsecond))
	state, err := run(d, d.do.FinalizeInvoice, draft)
	require.NoError(t, err)
	require.Equal(t, activities.StepFinalize, state.Step, "it is waited for again")
	d.counts("draft", "SELECT status FROM invoices")
}

func TestSettlingEightTimesAtOncePostsEachRatingOnce(t *testing.T) {
	d := newDesk(t)
	d.begin()
	at := start.AddDate(0, 0, 5)
	d.SetClock(at)
	for i := range 12 {
		d.use(fmt.Sprintf("u%d", i), "100000", at)
	}
	_, err := d.Store.RateUsage(t.Context(), d.Call, d.Account.ID, 100)
	require.NoError(t, err)
	d.atOnce(func() { _, _ = d.Store.SettleRatings(context.Background(), d.Call, d.Account.ID, 5) })
	for n := 1; n > 0; {
		n, err = d.Store.SettleRatings(t.Context(), d.Call, d.Account.ID, 5)
		require.NoError(t, err)
	}
	d.counts("12", "SELECT count(*) FROM settlements")
	d.counts("0", "SELECT count(*) FROM dispatch WHERE topic = 'settlement'")
	require.Empty(t, d.Sound())
}
