package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func (d *desk) collect(in activities.InvoiceInput) activities.InvoiceState {
	d.t.Helper()
	state, err := run(d, d.do.CollectInvoice, in)
	require.NoError(d.t, err)
	return state
}

func TestADeclinedInvoiceIsTriedThreeTimesMoreEachUnderItsOwnKey(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	state := d.collect(in)
	for attempt, days := range []int{3, 5, 7} {
		due := start.AddDate(0, 0, days)
		require.Equal(t, activities.StepWait, state.Step)
		require.True(t, due.Equal(state.RetryAt), "%s", state.RetryAt)
		d.SetClock(due.Add(-time.Second))
		d.collect(in)
		require.Equal(t, attempt+1, d.row(in.Invoice).Attempts, "not before its time")
		d.SetClock(due)
		state = d.collect(in)
		d.collect(in) // a repeat of the activity
		require.Equal(t, attempt+2, d.row(in.Invoice).Attempts)
	}
	require.Equal(t, activities.StepWait, state.Step)
	require.Zero(t, state.RetryAt)
	d.SetClock(start.AddDate(0, 1, 0))
	d.collect(in)
	inv := d.row(in.Invoice)
	require.Equal(t, models.InvoiceOpen, inv.Status)
	require.Equal(t, models.CollectionFailed, inv.Collection)
	d.counts("1,2,3,4", "SELECT string_agg(attempt::text, ',' ORDER BY attempt) FROM payments WHERE status = 'failed'")
	d.counts("4", "SELECT count(DISTINCT key) FROM provider_calls WHERE verb = 'invoice.pay'")
	require.Empty(t, d.Sound())
}

func TestADeclinedInvoiceIsPaidByALaterAttempt(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	d.collect(in)
	d.card("ok")
	d.SetClock(start.AddDate(0, 0, 3))
	_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in)
	require.Error(t, err, "the activity died when the money had moved")
	require.Equal(t, models.CollectionUnknown, d.row(in.Invoice).Collection)
	d.SetClock(start.AddDate(0, 0, 6)) // past the next attempt's time: an unknown one blocks it
	require.Equal(t, activities.StepDone, d.collect(in).Step)
	inv := d.row(in.Invoice)
	require.Equal(t, 2, inv.Attempts)
	require.Nil(t, inv.NextAttemptAt)
	d.counts("1", "SELECT count(*) FROM payments WHERE status = 'succeeded'")
	require.Empty(t, d.Sound())
}

func TestAPaymentBetweenAttemptsEndsThem(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	d.collect(in)
	d.card("ok")
	d.SetClock(start.AddDate(0, 0, 2))
	inv := d.row(in.Invoice)
	applied, err := d.Store.RecordPayment(t.Context(), d.Call, store.Paid{Invoice: in.Invoice, Object: inv.StripeInvoice, Ref: "ch_hosted",
		Amount: money.Amount{Value: inv.AmountDue(), Asset: "EUR"}})
	require.NoError(t, err)
	require.True(t, applied)
	charges := d.at("charges")
	d.SetClock(start.AddDate(0, 0, 3))
	state := d.collect(in)
	require.Equal(t, activities.StepDone, state.Step)
	require.Zero(t, state.RetryAt)
	require.Equal(t, charges, d.at("charges"))
	require.Equal(t, 1, d.row(in.Invoice).Attempts)
}

func TestNewsOfADeclineThatComesTwiceMovesNoAttempt(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	first := d.collect(in).RetryAt
	d.Exec("DELETE FROM dispatch")
	d.SetClock(start.AddDate(0, 0, 1))
	require.NoError(t, d.Store.RecordDecline(t.Context(), d.Call, in.Invoice, d.Text("SELECT provider_ref FROM payments"), "insufficient_funds"))
	require.True(t, first.Equal(*d.row(in.Invoice).NextAttemptAt))
	d.counts("Invoice", "SELECT workflow_type FROM outbox JOIN dispatch USING (realm_id, id)") // which is told to look at its rows
}
