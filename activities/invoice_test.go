package activities_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/models"
)

// onePaid is what must be true of an invoice of 29.00 however it came to be paid.
func (d *desk) onePaid() {
	d.t.Helper()
	require.Equal(d.t, map[string]int{"customers": 1, "invoices": 1, "invoiceitems": 1, "charges": 1},
		map[string]int{"customers": d.at("customers"), "invoices": d.at("invoices"), "invoiceitems": d.at("invoiceitems"), "charges": d.at("charges")})
	d.counts("paid 29", "SELECT status || ' ' || trim_scale(total) FROM invoices")
	d.counts("1", "SELECT count(*) FROM payments WHERE status = 'succeeded' AND amount = 29")
	d.counts("1", "SELECT count(*) FROM payments")
	d.counts("1", "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'payment/%/succeeded'")
	d.counts("1", "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'invoice/%/finalized'")
	d.counts("0", "SELECT count(*) FROM provider_calls WHERE status <> 'succeeded'")
	require.Empty(d.t, d.Sound())
}

// untilPaid does what the workflow does with retries.
func (d *desk) untilPaid(in activities.InvoiceInput) {
	d.t.Helper()
	for range 10 {
		state, err := run(d, d.do.InspectInvoice, in)
		require.NoError(d.t, err)
		switch state.Step {
		case activities.StepFinalize:
			_, _ = run(d, d.do.FinalizeInvoice, in)
		case activities.StepPush:
			_, _ = run(d, d.do.PushInvoice, in)
		case activities.StepCollect:
			_, _ = run(d, d.do.CollectInvoice, in)
		case activities.StepWait, activities.StepDone:
			require.Equal(d.t, activities.StepDone, state.Step)
			return
		}
	}
	require.Fail(d.t, "the invoice is not done")
}

func TestAnInvoiceIsPaidOnceWhereverItsActivityWasKilled(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/customers", "/v1/invoices", "/v1/invoiceitems", "/finalize", "/pay"} {
		t.Run(strings.TrimPrefix(path, "/v1"), func(t *testing.T) {
			d := newDesk(t)
			in := d.finalized()
			do := d.do.PushInvoice
			if path == "/pay" {
				_, err := run(d, d.do.PushInvoice, in)
				require.NoError(t, err)
				do = d.do.CollectInvoice
			}
			_, err := run(d, killed(d, path, do), in)
			require.Error(t, err, "the activity died")
			d.counts("0", "SELECT count(*) FROM payments")
			d.untilPaid(in)
			d.onePaid()
		})
	}
}

func TestAnInvoiceIsPaidOnceWhateverTheProviderFails(t *testing.T) {
	t.Parallel()
	for _, fault := range []stripefake.Fault{stripefake.TimeoutAfterSuccess, stripefake.ResetAfterSuccess, stripefake.ResetBefore,
		stripefake.ErrorNoEffect, stripefake.ErrorAfterSuccess, stripefake.ErrorStored, stripefake.KeyInUse, stripefake.Throttled,
		stripefake.LockTimeout, stripefake.TruncatedJSON, stripefake.SlowBody} {
		t.Run(string(fault), func(t *testing.T) {
			d := newDesk(t)
			in := d.finalized()
			seen := map[string]bool{} // each write fails once; the fake asks under its lock
			failed := 0
			d.fake.SetFault(func(r *http.Request) stripefake.Fault {
				if r.Method != http.MethodPost || seen[r.URL.Path] {
					return stripefake.NoFault
				}
				seen[r.URL.Path] = true
				failed++
				return fault
			})
			d.untilPaid(in)
			d.onePaid()
			for _, w := range writes {
				want := []string{w.key}
				if fault == stripefake.ErrorStored { // nothing else is ever a reason for another key
					want = append(want, w.key+":g2")
				}
				require.Equal(t, want, d.keysSent(w.path), w.path)
			}
			require.Equal(t, 5, failed)
		})
	}
}

func TestAnAttemptWhoseAnswerIsA500ForEverIsLookedUp(t *testing.T) {
	for _, path := range []string{"/finalize", "/pay"} {
		t.Run(path, func(t *testing.T) {
			d := newDesk(t)
			in := d.finalized()
			d.fake.SetFault(func(r *http.Request) stripefake.Fault {
				if strings.HasSuffix(r.URL.Path, path) {
					return stripefake.ErrorAfterSuccess
				}
				return stripefake.NoFault
			})
			d.untilPaid(in)
			d.onePaid()
		})
	}
}

func TestAnUnknownOutcomeBlocksEveryOtherAttempt(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.fake.SetFault(func(r *http.Request) stripefake.Fault {
		if strings.HasSuffix(r.URL.Path, "/pay") {
			return stripefake.ResetBefore
		}
		return stripefake.NoFault
	})
	for range 3 {
		_, err := run(d, d.do.CollectInvoice, in)
		require.Error(t, err)
	}
	inv := d.row(in.Invoice)
	require.Equal(t, models.CollectionUnknown, inv.Collection)
	require.Equal(t, 1, inv.Attempts)
	d.counts("1", "SELECT count(*) FROM provider_calls WHERE verb = 'invoice.pay' AND status = 'unknown'")
	require.Equal(t, []string{"inv::pay:1"}, d.keysSent("/pay"))
	d.fake.SetFault(nil)
	d.untilPaid(in)
	d.onePaid()
	require.Equal(t, []string{"inv::pay:1"}, d.keysSent("/pay"))
}

func TestEightWorkersAtOncePayAnInvoiceOnce(t *testing.T) {
	d := newDesk(t)
	in := d.begin()
	d.atOnce(func() { _, _ = run(d, d.do.FinalizeInvoice, in) })
	d.counts("INV-000001", "SELECT number FROM invoices")
	d.atOnce(func() { _, _ = run(d, d.do.PushInvoice, in) })
	d.untilStep(in, activities.StepCollect)
	d.atOnce(func() { _, _ = run(d, d.do.CollectInvoice, in) })
	d.untilPaid(in)
	d.onePaid()
}

// untilStep repeats the push: of eight at once some were told to wait for another.
func (d *desk) untilStep(in activities.InvoiceInput, step activities.InvoiceStep) {
	d.t.Helper()
	_, err := run(d, d.do.PushInvoice, in)
	require.NoError(d.t, err)
	state, err := run(d, d.do.InspectInvoice, in)
	require.NoError(d.t, err)
	require.Equal(d.t, step, state.Step)
}

// card makes the customer's card consent or decline from now on.
func (d *desk) card(behaviour string) {
	d.t.Helper()
	account, err := d.Store.FindAccount(d.t.Context(), d.Call, d.Account.ID)
	require.NoError(d.t, err)
	r := httptest.NewRequest(http.MethodPost, "/_fake/customers/"+account.StripeCustomer+"/card",
		strings.NewReader(`{"behaviour":"`+behaviour+`","decline_code":"insufficient_funds"}`))
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	require.Equal(d.t, http.StatusOK, w.Code, w.Body.String())
}

func (d *desk) collectAgain(in activities.InvoiceInput) {
	d.t.Helper()
	d.Exec("UPDATE invoices SET collection = 'collecting' WHERE id = $1", in.Invoice)
}

func TestADeclineIsAResultAndWaitsForSomeoneToCollectAgain(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	state, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err, "a declined card is no error")
	require.Equal(t, activities.StepWait, state.Step)
	require.Equal(t, "insufficient_funds", state.Decline)
	d.card("ok")
	for range 2 { // the same activity once more, and a poke: neither charges
		state, err = run(d, d.do.CollectInvoice, in)
		require.NoError(t, err)
		require.Equal(t, activities.StepWait, state.Step)
	}
	require.Equal(t, 1, d.row(in.Invoice).Attempts)
	d.counts("failed insufficient_funds", "SELECT string_agg(status || ' ' || decline_code, ',') FROM payments")

	d.collectAgain(in)
	state, err = run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	require.Equal(t, activities.StepDone, state.Step)
	require.Equal(t, []string{"inv::pay:1", "inv::pay:2"}, d.keysSent("/pay"), "a declined attempt's key is never used for the next")
	d.counts("failed 1,succeeded 2", "SELECT string_agg(status || ' ' || attempt, ',' ORDER BY attempt) FROM payments")
	d.counts("1", "SELECT count(*) FROM ledger_transactions WHERE operation_key LIKE 'payment/%/succeeded'")
	require.Empty(t, d.Sound())
}

func TestADeclineWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in)
	require.Error(t, err)
	require.Equal(t, models.CollectionUnknown, d.row(in.Invoice).Collection)
	state, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	require.Equal(t, activities.StepWait, state.Step)
	require.Equal(t, "insufficient_funds", state.Decline)
	d.counts("1", "SELECT count(*) FROM payments WHERE status = 'failed' AND attempt = 1")
	d.counts("1", "SELECT attempts FROM invoices")
}

func TestADeclineThatOnlyTheDatabaseForgotIsRecordedFromTheProvider(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	_, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	// As if the process had died between the call's end and the decline's record.
	d.Exec("DELETE FROM payments")
	d.Exec("UPDATE invoices SET collection = 'unknown', decline_code = ''")
	state, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	require.Equal(t, activities.StepWait, state.Step)
	require.Equal(t, "insufficient_funds", state.Decline)
	d.counts("1", "SELECT attempts FROM invoices")
	require.Equal(t, 1, d.at("charges"))
}

func TestNewsOfAnEarlierDeclineDoesNotFreeAnAttemptUnderWay(t *testing.T) {
	d := newDesk(t)
	in := d.pushed()
	d.card("decline")
	_, err := run(d, d.do.CollectInvoice, in)
	require.NoError(t, err)
	d.collectAgain(in)
	d.card("ok")
	_, err = run(d, killed(d, "/pay", d.do.CollectInvoice), in)
	require.Error(t, err)
	ref := d.Text("SELECT provider_ref FROM payments")
	require.NoError(t, d.Store.RecordDecline(t.Context(), d.Call, in.Invoice, ref, "insufficient_funds"))
	require.Equal(t, models.CollectionUnknown, d.row(in.Invoice).Collection, "the second attempt is still open")
	d.untilPaid(in)
	d.counts("2", "SELECT attempts FROM invoices")
	d.counts("1", "SELECT count(*) FROM payments WHERE status = 'succeeded'")
}

// The worker dies of a payment, the event of it is applied, and only then the activity is tried again.
func TestAnAttemptWhoseEventCameFirstLeavesNoCallOpen(t *testing.T) {
	for card, event := range map[string]string{"ok": "invoice.paid", "decline": "invoice.payment_failed"} {
		t.Run(card, func(t *testing.T) {
			d := newDesk(t)
			in := d.pushed()
			d.card(card)
			_, err := run(d, killed(d, "/pay", d.do.CollectInvoice), in)
			require.Error(t, err)
			d.counts("1", "SELECT count(*) FROM provider_calls WHERE status <> 'succeeded'")
			require.Equal(t, "done", d.applied(d.received("evt_1", event, d.row(in.Invoice).StripeInvoice)))
			_, err = run(d, d.do.CollectInvoice, in)
			require.NoError(t, err)
			d.counts("0", "SELECT count(*) FROM provider_calls WHERE status <> 'succeeded'")
			d.counts("1", "SELECT attempts FROM invoices")
		})
	}
}

func TestACopyThatComesToAnotherTotalIsRefused(t *testing.T) {
	d := newDesk(t)
	in := d.finalized()
	_, err := run(d, killed(d, "/v1/invoiceitems", d.do.PushInvoice), in)
	require.Error(t, err)
	d.addForeignItem()
	_, err = run(d, d.do.PushInvoice, in)
	require.ErrorContains(t, err, "provider_mismatch")
	require.Empty(t, d.row(in.Invoice).StripeInvoice)
}

// addForeignItem puts a line on the provider's draft that is not ours.
func (d *desk) addForeignItem() {
	d.t.Helper()
	invoice, customer := d.Text("SELECT result_ref FROM provider_calls WHERE verb = 'invoice.create'"), d.Text("SELECT stripe_customer FROM billing_accounts")
	r := httptest.NewRequest(http.MethodPost, "/v1/invoiceitems",
		strings.NewReader("invoice="+invoice+"&customer="+customer+"&amount=100&currency=eur"))
	r.Header.Set("Authorization", "Bearer sk_test_desk")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	require.Equal(d.t, http.StatusOK, w.Code, w.Body.String())
}

// atOnce does the same thing eight times at the same moment, and sees that something was done at all.
func (d *desk) atOnce(do func()) {
	d.t.Helper()
	const n = 8
	ready, done := make(chan struct{}), make(chan struct{}, n)
	var began atomic.Int32
	for range n {
		go func() {
			<-ready
			began.Add(1)
			do()
			done <- struct{}{}
		}()
	}
	close(ready)
	for range n {
		<-done
	}
	require.EqualValues(d.t, n, began.Load())
}
