package gateway_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

func TestAnInvoiceGoesFromDraftToPaid(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, stripefake.Options{Clock: func() time.Time { return now }})
	cus := w.customer(t, "acme")

	in, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: "inv:1:new", CustomerID: cus.ID, Currency: "EUR",
		Metadata: map[string]string{"obj": "inv_1"}})
	require.NoError(t, err)
	require.Equal(t, gateway.InvoiceDraft, in.Status)
	require.Equal(t, cus.ID, in.CustomerID)
	require.Equal(t, map[string]string{"obj": "inv_1"}, in.Metadata)

	start := time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC)
	for key, total := range map[string]string{"inv:1:line:fee": "29.00", "inv:1:line:usage": "15.00"} {
		item, err := w.AddInvoiceItem(ctx, gateway.ItemParams{Key: key, InvoiceID: in.ID, CustomerID: cus.ID, Amount: eur(total),
			Description: key, Period: gateway.Period{Start: start, End: now}})
		require.NoError(t, err)
		require.Equal(t, in.ID, item.InvoiceID)
		requireAmount(t, total, item.Amount)
	}

	in, err = w.FinalizeInvoice(ctx, "inv:1:fin", in.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.InvoiceOpen, in.Status)
	require.NotEmpty(t, in.Number)
	require.NotEmpty(t, in.HostedURL)
	require.Equal(t, now, in.FinalizedAt)
	requireAmount(t, "44.00", in.AmountDue)
	requireAmount(t, "0", in.AmountPaid)

	paid, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.NoError(t, err)
	require.False(t, paid.Declined)
	require.Equal(t, gateway.InvoicePaid, paid.Status)
	require.True(t, paid.Paid)
	require.False(t, paid.PaidOutOfBand)
	require.Equal(t, now, paid.PaidAt)
	require.Equal(t, int64(1), paid.AttemptCount)
	requireAmount(t, "44.00", paid.AmountPaid)

	again, err := w.GetInvoice(ctx, in.ID)
	require.NoError(t, err)
	require.Equal(t, paid.Invoice, again)

	ch, err := w.GetCharge(ctx, paid.ChargeID)
	require.NoError(t, err)
	require.True(t, ch.Paid)
	require.Equal(t, paid.PaymentIntentID, ch.PaymentIntentID)
	require.Equal(t, in.ID, ch.InvoiceID)
	requireAmount(t, "44.00", ch.Amount)
}

func TestAnInvoiceWithoutLinesIsPaidAtZeroWhenFinalised(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: "new", CustomerID: cus.ID, Currency: "EUR"})
	require.NoError(t, err)
	in, err = w.FinalizeInvoice(ctx, "fin", in.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.InvoicePaid, in.Status)
	require.Empty(t, in.ChargeID)
	require.Empty(t, in.PaymentIntentID)
}

func TestADeclinedCardIsAResultAndANewKeyTriesAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in := w.openInvoice(t, cus.ID, "inv:1", "29.00")

	require.Equal(t, 200, w.control(t, "/_fake/customers/"+cus.ID+"/card", `{"behaviour":"decline","decline_code":"insufficient_funds"}`))
	declined, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.NoError(t, err)
	require.True(t, declined.Declined)
	require.Equal(t, "insufficient_funds", declined.DeclineCode)
	require.Equal(t, gateway.InvoiceOpen, declined.Status)
	require.Equal(t, int64(1), declined.AttemptCount)
	require.Equal(t, "card_declined", declined.LastError.Code)
	require.Equal(t, declined.ChargeID, declined.LastError.ChargeID)

	seen, err := w.GetInvoice(ctx, in.ID)
	require.NoError(t, err)
	require.Equal(t, "insufficient_funds", seen.LastError.DeclineCode)

	require.Equal(t, 200, w.control(t, "/_fake/customers/"+cus.ID+"/card", `{"behaviour":"ok"}`))
	replayed, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.NoError(t, err)
	require.True(t, replayed.Declined, "the old key replays the decline")
	require.Equal(t, int64(1), replayed.AttemptCount)

	paid, err := w.PayInvoice(ctx, "inv:1:pay:2", in.ID)
	require.NoError(t, err)
	require.False(t, paid.Declined)
	require.Equal(t, gateway.InvoicePaid, paid.Status)
	require.Nil(t, paid.LastError)
	require.NotEqual(t, declined.ChargeID, paid.ChargeID)
	require.Equal(t, declined.PaymentIntentID, paid.PaymentIntentID)
}

func TestEveryTransitionIsRefusedFromTheWrongStatus(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in := w.openInvoice(t, cus.ID, "inv:1", "29.00")
	refused := func(err error) {
		t.Helper()
		require.True(t, fault.Is(err, gateway.CodeInvalidRequest), "%v", err)
		require.Equal(t, fault.Invalid, fault.Of(err).Kind)
		require.False(t, gateway.Ambiguous(err))
	}
	_, err := w.FinalizeInvoice(ctx, "fin2", in.ID)
	refused(err)
	_, err = w.AddInvoiceItem(ctx, gateway.ItemParams{Key: "late", InvoiceID: in.ID, CustomerID: cus.ID, Amount: eur("1.00")})
	refused(err)
	require.Equal(t, "invoice_not_editable", gateway.ProviderCode(err))

	in, err = w.VoidInvoice(ctx, "void", in.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.InvoiceVoid, in.Status)
	_, err = w.PayInvoice(ctx, "pay", in.ID)
	refused(err)
	_, err = w.VoidInvoice(ctx, "void2", in.ID)
	refused(err)
}

func TestALineInAnotherCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: "new", CustomerID: cus.ID, Currency: "USD"})
	require.NoError(t, err)
	_, err = w.AddInvoiceItem(ctx, gateway.ItemParams{Key: "line", InvoiceID: in.ID, CustomerID: cus.ID, Amount: eur("1.00")})
	require.True(t, fault.Is(err, gateway.CodeInvalidRequest), "%v", err)
}
