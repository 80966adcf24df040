package store_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// driver does what the workflows do, in their order and through the same store methods, but in one goroutine and without
// Temporal: it takes the outbox's messages, keeps the waits of the workflows that they start, and steps a test clock.
type driver struct {
	t     *testing.T
	ctx   context.Context
	st    *store.Store
	call  store.Call
	clock uuid.UUID
	now   time.Time

	flows    []course
	usage    []uuid.UUID // accounts that report usage
	declines int         // how many payments are declined from now on
}

// course is a started workflow. next says when it has something to do and what; ok is false once it is over.
type course struct {
	id      string
	account uuid.UUID
	next    func() (due time.Time, act func(), ok bool)
}

func newDriver(t *testing.T, st *store.Store, call store.Call, at time.Time) *driver {
	t.Helper()
	clock, err := st.CreateClock(t.Context(), call, "clock", at)
	require.NoError(t, err)
	return &driver{t: t, ctx: t.Context(), st: st, call: call, clock: clock.ID, now: at}
}

// advance moves the clock to target by way of everything that falls due before it.
func (d *driver) advance(target time.Time) {
	d.t.Helper()
	d.rest()
	_, err := d.st.AdvanceClock(d.ctx, d.call, d.clock, target)
	require.NoError(d.t, err)
	for done := false; !done; {
		step, err := d.st.StepClock(d.ctx, d.call, d.clock)
		require.NoError(d.t, err)
		d.now, done = step.Now, step.Done
		d.rest()
	}
	busy, err := d.st.ClockBusy(d.ctx, d.call, d.clock)
	require.NoError(d.t, err)
	require.Empty(d.t, busy)
	c, err := d.st.FinishClock(d.ctx, d.call, d.clock, 0, nil)
	require.NoError(d.t, err)
	require.Equal(d.t, models.ClockReady, c.Status)
	require.Equal(d.t, target, c.NowAt)
}

// rest does everything that is due, until nothing is.
func (d *driver) rest() {
	d.t.Helper()
	for busy := true; busy; {
		busy = d.relay()
		busy = d.rateAndSettle() || busy
		flows := d.flows
		d.flows = nil
		for _, f := range flows {
			acted, over := d.walk(f)
			busy = busy || acted
			if !over {
				d.flows = append(d.flows, f)
			}
		}
	}
}

func (d *driver) walk(f course) (acted, over bool) {
	d.t.Helper()
	due, act, ok := f.next()
	if !ok {
		require.NoError(d.t, d.st.EndWait(d.ctx, d.call, f.id))
		return false, true
	}
	state, err := d.st.EnterWait(d.ctx, d.call, f.account, f.id, due)
	require.NoError(d.t, err)
	if state.Reached {
		act()
	}
	return state.Reached, false
}

// relay takes the outbox's messages; signals need no answer, since every pass reads the rows anew.
func (d *driver) relay() bool {
	d.t.Helper()
	due, err := d.st.ClaimOutbox(d.ctx, 100)
	require.NoError(d.t, err)
	for _, m := range due {
		row, err := d.st.FindOutbox(d.ctx, d.call, m.ID)
		require.NoError(d.t, err)
		if row.Kind == models.OutboxStart {
			d.start(row)
		}
		require.NoError(d.t, d.st.MarkPublished(d.ctx, d.call, m.ID))
	}
	return len(due) > 0
}

func (d *driver) start(row models.Outbox) {
	d.t.Helper()
	f := course{id: row.WorkflowID}
	if row.BillingAccountID != nil {
		f.account = *row.BillingAccountID
	}
	switch row.WorkflowType {
	case keys.TypePlanAssignment:
		f.next = d.turns(decoded[keys.PlanAssignmentInput](d.t, row.Payload))
	case keys.TypeCreditIssuance:
		f.next = d.issuances(decoded[keys.CreditIssuanceInput](d.t, row.Payload))
	case keys.TypeBillingPeriod:
		f.next = d.run(decoded[keys.BillingPeriodInput](d.t, row.Payload))
	case keys.TypeInvoice:
		f.next = d.collect(decoded[keys.InvoiceInput](d.t, row.Payload))
	default:
		return
	}
	d.flows = append(d.flows, f)
}

func decoded[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

type next func() (time.Time, func(), bool)

func (d *driver) turns(in keys.PlanAssignmentInput) next {
	return func() (time.Time, func(), bool) {
		turn, err := d.st.NextTurn(d.ctx, d.call, in.Assignment)
		require.NoError(d.t, err)
		return turn.DueAt, func() {
			require.NoError(d.t, d.st.TakeTurn(d.ctx, d.call, in.Assignment, turn))
			require.NoError(d.t, d.st.TakeTurn(d.ctx, d.call, in.Assignment, turn)) // a retry changes nothing
		}, turn.Kind != store.TurnOver
	}
}

func (d *driver) issuances(in keys.CreditIssuanceInput) next {
	return func() (time.Time, func(), bool) {
		lot, err := d.st.NextIssuance(d.ctx, d.call, in.Assignment, in.Rule)
		require.NoError(d.t, err)
		return lot.DueAt, func() {
			require.NoError(d.t, d.st.IssueLot(d.ctx, d.call, in.Assignment, in.Rule, lot.Index))
			require.NoError(d.t, d.st.IssueLot(d.ctx, d.call, in.Assignment, in.Rule, lot.Index))
		}, !lot.Over
	}
}

func (d *driver) rateAndSettle() (busy bool) {
	d.t.Helper()
	for _, account := range d.usage {
		rated, err := d.st.RateUsage(d.ctx, d.call, account, 100)
		require.NoError(d.t, err)
		settled, err := d.st.SettleRatings(d.ctx, d.call, account, 100)
		require.NoError(d.t, err)
		busy = busy || rated+settled > 0
	}
	return busy
}

func (d *driver) run(in keys.BillingPeriodInput) next {
	closed := false
	return func() (time.Time, func(), bool) {
		plan, err := d.st.PlanRun(d.ctx, d.call, in.Account, in.Boundary)
		require.NoError(d.t, err)
		return plan.DueAt, func() {
			_, err := d.st.FreezeRun(d.ctx, d.call, in.Account, in.Boundary)
			require.NoError(d.t, err)
			d.rateAndSettle()
			out, err := d.st.CloseRun(d.ctx, d.call, in.Account, in.Boundary)
			require.NoError(d.t, err)
			require.Zero(d.t, out.Pending)
			again, err := d.st.CloseRun(d.ctx, d.call, in.Account, in.Boundary)
			require.NoError(d.t, err)
			require.Empty(d.t, again.Invoices)
			closed = true
		}, !closed
	}
}

// collect finalises an invoice and lets the provider have received what it asks for.
func (d *driver) collect(in keys.InvoiceInput) next {
	over := false
	return func() (time.Time, func(), bool) {
		return d.now, func() {
			over = true
			inv, err := d.st.FinalizeInvoice(d.ctx, d.call, in.Invoice)
			require.NoError(d.t, err)
			if inv.Collection == models.CollectionCollecting {
				d.pay(inv)
			}
		}, !over
	}
}

func (d *driver) pay(inv models.Invoice) {
	d.t.Helper()
	n, ok, err := d.st.InvoiceAttempt(d.ctx, d.call, inv.ID)
	require.NoError(d.t, err)
	require.True(d.t, ok)
	require.Equal(d.t, 1, n)
	if d.declines > 0 {
		d.declines--
		require.NoError(d.t, d.st.RecordDecline(d.ctx, d.call, inv.ID, "ch_declined_"+inv.ID.String(), "card_declined"))
		return
	}
	d.receive(inv)
}

// receive books what the provider received for an invoice, told twice.
func (d *driver) receive(inv models.Invoice) {
	d.t.Helper()
	paid := store.Paid{Invoice: inv.ID, Object: "in_" + inv.ID.String(), Ref: "pi_" + inv.ID.String(),
		Amount: money.Amount{Value: inv.AmountDue(), Asset: inv.Currency}}
	applied, err := d.st.RecordPayment(d.ctx, d.call, paid)
	require.NoError(d.t, err)
	require.True(d.t, applied)
	applied, err = d.st.RecordPayment(d.ctx, d.call, paid) // the event about the same money
	require.NoError(d.t, err)
	require.False(d.t, applied)
}
