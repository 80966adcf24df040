package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/tests/harness"
)

type renewal struct {
	day        int
	zone       string
	boundaries []string
}

const months = 36

func TestAPlanRenewsForThreeYearsAtItsLiteralBoundaries(t *testing.T) {
	t.Parallel()
	for _, r := range renewals {
		t.Run(fmt.Sprintf("day %d in %s", r.day, r.zone), func(t *testing.T) {
			t.Parallel()
			require.Len(t, r.boundaries, months+1)
			b := newBilled(t, r)
			for turned := 1; turned <= months; turned++ {
				b.run(keys.PlanAssignmentWorkflow(b.assignment.ID), keys.TypePlanAssignment,
					keys.PlanAssignmentInput{Realm: b.Call.Realm, Account: b.Account.ID, Assignment: b.assignment.ID})
				b.run(keys.CreditIssuanceWorkflow(b.assignment.ID, harness.SceneRule), keys.TypeCreditIssuance,
					keys.CreditIssuanceInput{Realm: b.Call.Realm, Account: b.Account.ID, Assignment: b.assignment.ID, Rule: harness.SceneRule})
				b.runSent()
			}
			b.check(r)
		})
	}
}

func TestAClockThatJumpedAYearIsCaughtUpOnePeriodAtATime(t *testing.T) {
	t.Parallel()
	r := renewals[5]
	b := newBilled(t, r)
	b.SetClock(at(t, r.boundaries[12]))
	for turned := 1; turned <= 12; turned++ {
		b.run(keys.PlanAssignmentWorkflow(b.assignment.ID), keys.TypePlanAssignment,
			keys.PlanAssignmentInput{Realm: b.Call.Realm, Account: b.Account.ID, Assignment: b.assignment.ID})
		b.run(keys.CreditIssuanceWorkflow(b.assignment.ID, harness.SceneRule), keys.TypeCreditIssuance,
			keys.CreditIssuanceInput{Realm: b.Call.Realm, Account: b.Account.ID, Assignment: b.assignment.ID, Rule: harness.SceneRule})
	}
	b.runSent()
	b.check(renewal{boundaries: r.boundaries[:13]})
}

// billed is an account whose workflows run one after the other, each until it ends or continues as new; whenever one waits,
// its clock is moved to the instant it waits for.
type billed struct {
	*harness.Scene
	t          *testing.T
	conn       *pgx.Conn
	assignment models.PlanAssignment
	done       map[string]int // executions by activity
}

func newBilled(t *testing.T, r renewal) *billed {
	t.Helper()
	b := &billed{t: t, done: map[string]int{},
		Scene: harness.NewScene(t, harness.Setting{Now: at(t, "2026-01-15T00:00:00Z"), Zone: r.zone})}
	b.conn = harness.Owner(t, b.URL)
	b.assignment = b.Assign(at(t, r.boundaries[0]))
	return b
}

func (b *billed) run(id, kind string, in any) {
	b.t.Helper()
	env := newEnv(b.t, id)
	env.RegisterActivity(&activities.Activities{Store: b.Store})
	onWait(b.t, env, func(due time.Time) {
		_, err := b.conn.Exec(context.Background(), "UPDATE test_clocks SET now_at = $1, target_at = $1", due)
		require.NoError(b.t, err)
		poke(env)
	})
	env.ExecuteWorkflow(kind, in)
	require.True(b.t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); !workflow.IsContinueAsNewError(err) {
		require.NoError(b.t, err)
	}
	b.done[kind]++
}

// runSent starts what the outbox asks for, and what that asks for in turn. Signals find workflows that have read their rows.
func (b *billed) runSent() {
	b.t.Helper()
	for {
		due, err := b.Store.ClaimOutbox(b.t.Context(), 100)
		require.NoError(b.t, err)
		if len(due) == 0 {
			return
		}
		for _, d := range due {
			m, err := b.Store.FindOutbox(b.t.Context(), b.Call, d.ID)
			require.NoError(b.t, err)
			if m.Kind == models.OutboxStart && (m.WorkflowType == keys.TypeBillingPeriod || m.WorkflowType == keys.TypeInvoice) {
				b.run(m.WorkflowID, m.WorkflowType, m.Payload)
			}
			require.NoError(b.t, b.Store.MarkPublished(b.t.Context(), b.Call, d.ID))
		}
	}
}

func (b *billed) check(r renewal) {
	b.t.Helper()
	last := len(r.boundaries) - 1
	rows, err := b.conn.Query(b.t.Context(), "SELECT period_index, start_at, end_at, status FROM billing_periods ORDER BY period_index")
	require.NoError(b.t, err)
	periods, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Index      int
		Start, End time.Time
		Status     string
	}])
	require.NoError(b.t, err)
	require.Len(b.t, periods, last+1)
	for k, p := range periods {
		require.Equal(b.t, k, p.Index)
		require.Equal(b.t, r.boundaries[k], wire(p.Start), "period %d begins", k)
		if k < last {
			require.Equal(b.t, r.boundaries[k+1], wire(p.End), "period %d ends", k)
			require.Equal(b.t, "closed", p.Status, "period %d", k)
		}
	}
	b.checkLots(r)
	b.checkMoney(last)
	require.Empty(b.t, b.Sound())
}

func (b *billed) checkLots(r renewal) {
	b.t.Helper()
	last := len(r.boundaries) - 1
	rows, err := b.conn.Query(b.t.Context(), `SELECT period_index, effective_at, expires_at, issued::text, status, posted FROM credit_lots ORDER BY period_index`)
	require.NoError(b.t, err)
	lots, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Index      int
		Start, End time.Time
		Issued     string
		Status     string
		Posted     bool
	}])
	require.NoError(b.t, err)
	require.Len(b.t, lots, last+2) // the next one is there a period ahead
	for k, l := range lots {
		require.Equal(b.t, k, l.Index)
		require.Equal(b.t, "20", trimmed(l.Issued))
		if k <= last {
			require.Equal(b.t, r.boundaries[k], wire(l.Start), "lot %d begins", k)
		}
		if k < last {
			require.Equal(b.t, r.boundaries[k+1], wire(l.End), "lot %d ends", k)
			require.Equal(b.t, "expired", l.Status, "lot %d", k)
		}
		require.Equal(b.t, k <= last, l.Posted, "lot %d", k)
	}
	require.Equal(b.t, "scheduled", lots[last+1].Status)
}

// checkMoney counts the effects: each period was turned once, its lot issued once, its fee billed once, its run closed once.
func (b *billed) checkMoney(last int) {
	b.t.Helper()
	for what, sql := range map[string]string{
		"lots issued":        "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'lot/%/issued'",
		"invoices finalised": "SELECT count(*) FROM invoices WHERE status = 'open' AND total = 29 AND number IS NOT NULL",
		"fee lines":          "SELECT count(*) FROM invoice_lines WHERE kind = 'fee'",
		"runs":               "SELECT count(*) FROM outbox WHERE workflow_type = 'BillingPeriod'",
	} {
		var n int
		require.NoError(b.t, b.conn.QueryRow(b.t.Context(), sql).Scan(&n))
		require.Equal(b.t, last+1, n, what)
	}
	require.Equal(b.t, last, b.done[keys.TypePlanAssignment])
	require.Equal(b.t, last+1, b.done[keys.TypeBillingPeriod])
	require.Equal(b.t, last+1, b.done[keys.TypeInvoice])
}
