package activities_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// drafted bills the boundary and names its one invoice.
func (d *desk) drafted(boundary time.Time) activities.InvoiceInput {
	d.t.Helper()
	closed, err := run(d, d.do.CloseRun, activities.RunInput{Realm: d.Call.Realm, Account: d.Account.ID, Boundary: boundary})
	require.NoError(d.t, err)
	require.Len(d.t, closed.Invoices, 1)
	return activities.InvoiceInput{Realm: d.Call.Realm, Invoice: closed.Invoices[0]}
}

// items gives the lines of the provider's copies, oldest first.
func (d *desk) items() (amounts []int64, descriptions []string) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v1/invoiceitems?limit=100", nil)
	r.Header.Set("Authorization", "Bearer sk_test_desk")
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	var page struct {
		Data []struct {
			Amount      int64
			Description string
		}
	}
	require.NoError(d.t, json.Unmarshal(w.Body.Bytes(), &page))
	for i := len(page.Data) - 1; i >= 0; i-- {
		amounts, descriptions = append(amounts, page.Data[i].Amount), append(descriptions, page.Data[i].Description)
	}
	return amounts, descriptions
}

func TestOnlyWhatAccountCreditDoesNotCoverIsCollectedOnce(t *testing.T) {
	d := newDesk(t)
	d.untilPaid(d.finalized())
	cut := start.AddDate(0, 0, 14) // half of the 28 days
	d.SetClock(cut)
	_, err := d.Store.CancelAssignment(t.Context(), d.Call, d.assignment.ID, models.CancelNow)
	require.NoError(t, err)
	d.turn()
	again := cut.Add(2 * time.Hour)
	d.SetClock(again)
	out, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "again"})
	require.NoError(t, err)
	d.assignment = out.Assignment
	d.turn()
	in := d.drafted(again)
	_, err = run(d, d.do.FinalizeInvoice, in)
	require.NoError(t, err)
	_, err = run(d, killed(d, "/v1/invoiceitems", d.do.PushInvoice), in)
	require.Error(t, err, "the activity died")
	d.untilPaid(in)
	inv := d.row(in.Invoice)
	require.Equal(t, "14.5", inv.AppliedCredits.String())
	require.Equal(t, "14.5", inv.AmountDue().String())
	amounts, descriptions := d.items()
	require.Equal(t, []int64{2900, 2900, -1450}, amounts)
	require.Equal(t, "Account credit", descriptions[2])
	d.counts("29,14.5", "SELECT string_agg(trim_scale(amount)::text, ',' ORDER BY recorded_at) FROM payments")
	d.counts("0", "SELECT trim_scale(sum(balance)) FROM ledger_balances WHERE account LIKE 'ar:%' OR account LIKE 'account_credit:%'")
	require.Empty(t, d.Sound())
}

func TestACarriedInvoiceIsALineOfTheOneItIsPaidWith(t *testing.T) {
	d := newDeskOf(t, harness.Setting{Fee: "0.30"})
	small := d.begin()
	state, err := run(d, d.do.FinalizeInvoice, small)
	require.NoError(t, err)
	require.Equal(t, activities.StepWait, state.Step, "nothing is pushed")
	d.SetClock(end.Add(time.Hour))
	d.turn()
	big := d.drafted(end)
	_, err = run(d, d.do.FinalizeInvoice, big)
	require.NoError(t, err)
	_, err = run(d, killed(d, "/finalize", d.do.PushInvoice), big)
	require.Error(t, err, "the activity died")
	d.untilPaid(big)
	amounts, descriptions := d.items()
	require.Equal(t, []int64{30, 30}, amounts)
	require.Equal(t, "Carried from INV-000001", descriptions[1])
	d.counts("1", "SELECT count(*) FROM payments WHERE amount = 0.6")
	require.Equal(t, 1, d.at("invoices"))
	state, err = run(d, d.do.InspectInvoice, small)
	require.NoError(t, err)
	require.Equal(t, activities.StepDone, state.Step)
	d.counts("0", "SELECT trim_scale(sum(balance)) FROM ledger_balances WHERE account LIKE 'ar:%'")
	d.counts("0", "SELECT count(*) FROM provider_calls WHERE status <> 'succeeded'")
}
