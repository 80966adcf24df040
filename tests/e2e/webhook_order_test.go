package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventsInAnyOrderComeToWhatTheProviderSaysNow(t *testing.T) {
	l := newLetterbox(t, "shuffled")
	failed := l.event(t, "invoice.payment_failed")
	finalized := l.event(t, "invoice.finalized")
	l.pay(t)
	paid, succeeded := l.event(t, "invoice.paid"), l.event(t, "invoice.payment_succeeded")

	// Paid comes before finalised, the failure after both, and each of them again under another id.
	l.accept(t, succeeded)
	l.accept(t, paid)
	l.accept(t, finalized)
	again := changed(t, failed, map[string]any{"id": "evt_failed_again"})
	l.accept(t, again)
	l.accept(t, changed(t, paid, map[string]any{"id": "evt_paid_again"}))
	l.settled(t)
	require.Equal(t, paidOnce, l.paid(t))
	require.Equal(t, "done 1", l.row(t, idOf(t, paid)))
	require.Equal(t, "done 1", l.row(t, idOf(t, succeeded)))
	require.Equal(t, "done 1", l.row(t, "evt_paid_again"))
	require.Equal(t, "ignored 1 the failure is past", l.row(t, "evt_failed_again"))
	require.Equal(t, "1", l.text(t, "SELECT count(*) FROM payments WHERE status = 'failed'"), "the one of the beginning")
	require.Equal(t, "paid none", l.text(t, "SELECT status || ' ' || collection FROM invoices"))
	l.verify(t)
}

func TestOnlyWhatWeOfferedAndTheProviderWasPaidGivesCredits(t *testing.T) {
	l := newLetterbox(t, "shopper")
	var checkout struct{ ID string }
	l.post(t, "/mgt/v1/checkout-sessions", "buy", map[string]any{"billing_account_id": l.AccountID, "credit_type": "CREDIT", "quantity": "50",
		"success_url": "https://shopper.example/thanks"}, &checkout)
	session := l.text(t, "SELECT stripe_session FROM checkout_sessions")
	bought := func() string {
		return l.text(t, "SELECT count(*) || ' lots of ' || coalesce(trim_scale(sum(issued)), 0) FROM credit_lots WHERE source_kind = 'purchase'")
	}
	// A page that was completed by a bank debit is not paid yet, whatever the event's copy of it says.
	lie := func(id, kind string) []byte {
		raw, err := json.Marshal(map[string]any{"id": id, "object": "event", "type": kind, "api_version": "2023-10-16", "created": 1770000000,
			"livemode": false, "data": map[string]any{"object": map[string]any{"id": session, "object": "checkout.session", "status": "complete",
				"payment_status": "paid", "amount_total": 99999900, "currency": "eur", "client_reference_id": checkout.ID,
				"metadata": map[string]string{"obj": checkout.ID, "quantity": "1000000", "amount": "999999"}}}})
		require.NoError(t, err)
		return raw
	}
	l.accept(t, lie("evt_lie_1", "checkout.session.completed"))
	l.accept(t, lie("evt_lie_2", "checkout.session.async_payment_succeeded"))
	l.settled(t)
	require.Equal(t, "ignored 1 checkout session is not paid", l.row(t, "evt_lie_1"))
	require.Equal(t, "ignored 1 checkout session is not paid", l.row(t, "evt_lie_2"))
	require.Equal(t, "0 lots of 0", bought())

	l.control(t, "/_fake/checkout/sessions/"+session+"/complete", `{}`)
	completed := l.event(t, "checkout.session.completed")
	for _, raw := range [][]byte{
		completed, completed, completed,
		changed(t, completed, map[string]any{"id": "evt_again"}),
		lie("evt_lie_3", "checkout.session.async_payment_succeeded"),
		lie("evt_late", "checkout.session.expired"),
		lie("evt_never", "checkout.session.async_payment_failed"),
		l.event(t, "payment_intent.succeeded"), l.event(t, "charge.succeeded"),
	} {
		l.accept(t, raw)
	}
	l.settled(t)
	require.Equal(t, "1 lots of 50", bought())
	require.Equal(t, "done 3", l.row(t, idOf(t, completed)))
	require.Equal(t, "complete", l.text(t, "SELECT status FROM checkout_sessions"))
	require.Equal(t, "50", l.text(t, "SELECT trim_scale(sum(amount)) FROM ledger_entries WHERE account = 'stripe_clearing'"))
	l.verify(t)
}

func TestMoneyForACopyOfOurInvoiceIsKeptApartAndLookedAtByAPerson(t *testing.T) {
	l := newLetterbox(t, "copied")
	var original struct{ Metadata map[string]string }
	l.stripe(t, http.MethodGet, "/v1/invoices/"+l.invoice(t), &original)
	require.NotEmpty(t, original.Metadata["obj"])
	form := "&description=copy"
	for k, v := range original.Metadata {
		form += "&metadata[" + k + "]=" + v
	}
	l.foreign(t, form)
	l.accept(t, l.event(t, "invoice.paid"))
	l.settled(t)
	require.Equal(t, "open", l.invoices(t)[0].Status, "our own copy at the provider has not been paid")
	require.Equal(t, "-29", l.text(t, "SELECT trim_scale(sum(amount)) FROM ledger_entries WHERE account LIKE 'unapplied_cash%'"))
	require.Equal(t, "parked", l.text(t, "SELECT status FROM billing_accounts WHERE principal_id = 'copied'"))
	l.verify(t)
}
