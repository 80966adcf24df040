package invoicing_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

func ptr(s string) *decimal.Decimal { v := dec(s); return &v }

func items(amounts ...string) []invoicing.Item {
	out := make([]invoicing.Item, 0, len(amounts))
	for _, a := range amounts {
		out = append(out, invoicing.Item{Amount: ptr(a)})
	}
	return out
}

func rate(percent string) []invoicing.Tax {
	return []invoicing.Tax{{Code: "VAT", Percent: dec(percent)}}
}

func compute(t *testing.T, d invoicing.Draft) invoicing.Bill {
	t.Helper()
	b, err := invoicing.Compute(d)
	require.NoError(t, err)
	return b
}

func equal(t *testing.T, want string, got decimal.Decimal, what ...any) {
	t.Helper()
	require.True(t, dec(want).Equal(got), "want %s, got %s %v", want, got, what)
}

// sums holds every sum law of a bill.
func sums(t require.TestingT, b invoicing.Bill) {
	amount, discount, net, tax, gross, exact, byRate := decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero
	scale := money.Scale(b.Currency)
	for _, l := range b.Lines {
		amount, discount, net = amount.Add(l.Amount), discount.Add(l.Discount), net.Add(l.Net)
		tax, gross, exact = tax.Add(l.Tax), gross.Add(l.Gross), exact.Add(l.Exact)
		require.True(t, l.Gross.Equal(l.Net.Add(l.Tax)))
		included, all := decimal.Zero, decimal.Zero
		for _, s := range l.Taxes {
			all = all.Add(s.Amount)
			if s.Inclusive {
				included = included.Add(s.Amount)
			}
		}
		require.True(t, all.Equal(l.Tax))
		require.True(t, l.Net.Add(included).Equal(l.Amount.Sub(l.Discount)))
		require.False(t, l.Discount.IsNegative())
		require.True(t, l.Discount.LessThanOrEqual(decimal.Max(l.Amount, decimal.Zero)))
		for _, v := range []decimal.Decimal{l.Amount, l.Discount, l.Net, l.Tax, l.CreditApplied} {
			require.True(t, v.Equal(v.Truncate(scale)), "%s is no whole minor unit", v)
		}
	}
	for _, r := range b.Taxes {
		byRate = byRate.Add(r.Amount)
	}
	require.True(t, b.Subtotal.Equal(amount) && b.Discount.Equal(discount) && b.Net.Equal(net) && b.Tax.Equal(tax))
	require.True(t, b.Tax.Equal(byRate))
	require.True(t, b.Sum.Equal(gross) && b.Sum.Equal(b.Net.Add(b.Tax)))
	require.True(t, b.Sum.Equal(b.Total.Sub(b.ToAccountCredit)))
	require.False(t, b.Total.IsNegative() || b.ToAccountCredit.IsNegative() || b.Collection.AmountDue.IsNegative())
	require.True(t, b.Total.IsZero() || b.ToAccountCredit.IsZero())
	require.True(t, b.Rounding.Equal(amount.Sub(exact)))
}

func TestTheSharedCasesOfRoundingTaxAndDiscountHold(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "USD", Items: items("10.333", "10.333")})
	equal(t, "20.66", b.Total)
	equal(t, "8.88", compute(t, invoicing.Draft{Currency: "USD", Items: items("100"), Taxes: rate("8.875")}).Tax)
	equal(t, "105", compute(t, invoicing.Draft{Currency: "JPY", Items: items("999"), Taxes: rate("10.5")}).Tax)
	b = compute(t, invoicing.Draft{Currency: "USD", Items: items("10"), Discounts: []invoicing.Discount{{Percent: ptr("33.333")}}})
	equal(t, "3.33", b.Discount)
	equal(t, "6.67", b.Total)
	b = compute(t, invoicing.Draft{Currency: "EUR", Items: items("1"), Discounts: []invoicing.Discount{{Amount: ptr("0.10")}, {Percent: ptr("20")}}})
	equal(t, "0.10", b.Discounts[0].Amount)
	equal(t, "0.18", b.Discounts[1].Amount)
	equal(t, "0.72", b.Total)
}

func TestAMinimumIsHitExactlyByATrueUpLine(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "USD", Items: items("749.996"), Minimum: &invoicing.Minimum{Amount: dec("1000")}})
	equal(t, "750.00", b.Minimum.Counted)
	equal(t, "250.00", b.Minimum.TrueUp)
	equal(t, "1000.00", b.Total)
	b = compute(t, invoicing.Draft{Currency: "USD", Minimum: &invoicing.Minimum{Amount: dec("1000"), AlreadyBilled: dec("100")}})
	equal(t, "900", b.Total)
	b = compute(t, invoicing.Draft{Currency: "USD", Items: items("15"), Minimum: &invoicing.Minimum{Amount: dec("10"), OverageFactor: ptr("1.5")}})
	equal(t, "10", b.Minimum.Within)
	equal(t, "7.5", b.Minimum.Overage)
	equal(t, "17.5", b.Total)
	b = compute(t, invoicing.Draft{Currency: "USD", Items: items("50"), Maximum: &invoicing.Maximum{Amount: dec("100"), AlreadyBilled: dec("70")}})
	equal(t, "20", b.Maximum.Discount)
	equal(t, "30", b.Total)
}

func TestCreditNotesPayFirstAndThenAccountCreditTaxIncluded(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("0.60", "0.40"), CreditNotes: []decimal.Decimal{dec("0.20"), dec("0.50")}})
	equal(t, "0.20", b.Collection.Notes[0].Applied)
	equal(t, "0.50", b.Collection.Notes[1].Applied)
	equal(t, "0.42", b.Lines[0].CreditApplied)
	equal(t, "0.28", b.Lines[1].CreditApplied)
	equal(t, "0.30", b.Collection.AmountDue)
	b = compute(t, invoicing.Draft{Currency: "USD", Items: items("249.95"), AccountCredit: dec("300")})
	equal(t, "-50.05", b.Collection.Balance)
	b = compute(t, invoicing.Draft{Currency: "USD", Items: items("249.95"), AccountCredit: dec("300"), EarlierTotals: []decimal.Decimal{dec("249.95")}})
	equal(t, "199.90", b.Collection.AmountDue)
	equal(t, "0", b.Collection.Balance)
}

func TestACreditNoteTakesLinesInOrderAndGivesTheirTaxBack(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("0.80", "0.40"), Taxes: rate("20"),
		Issue: []invoicing.NoteRequest{{Amount: ptr("1")}, {Items: []invoicing.NoteItem{{Line: "1", Amount: ptr("0.21")}}}, {Amount: ptr("0.21")}}})
	equal(t, "0.80", b.Notes[0].Items[0].Net)
	equal(t, "0.20", b.Notes[0].Items[1].Net)
	equal(t, "1.20", b.Notes[0].Total)
	require.Equal(t, invoicing.RejectedLine, b.Notes[1].Rejected)
	require.Equal(t, invoicing.RejectedInvoice, b.Notes[2].Rejected)
}

func TestARefundOfACancelledFeeIsWhatWasPaidForItBeyondItsUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paid, earlier, item, total, refund, credit string }{
		{"74.40", "0", "16", "19.20", "19.20", "0"}, {"9.30", "0", "16", "19.20", "0", "19.20"}, {"55.80", "2", "14", "16.80", "9.90", "6.90"},
	} {
		b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("31"), Taxes: rate("20"), Paid: dec(c.paid), PaidOf: ptr("74.40"),
			Issue: []invoicing.NoteRequest{
				{Items: []invoicing.NoteItem{{Line: "0", Amount: ptr(c.earlier)}}, Settle: invoicing.SettleCredit},
				{Items: []invoicing.NoteItem{{Line: "0", UsedUnits: ptr("15"), UnusedUnits: ptr("16")}}, Settle: invoicing.SettleRefund}}})
		n := b.Notes[1]
		equal(t, c.item, n.Items[0].Net, c)
		equal(t, c.total, n.Total, c)
		equal(t, c.refund, n.Refund, c)
		equal(t, c.credit, n.AccountCredit, c)
	}
}

func TestARefundReopensTheBalanceUnlessTheChargeIsAdjusted(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "USD", Items: items("249.95"), Paid: dec("249.95"), Refunds: []invoicing.RefundRequest{
		{Amount: dec("10")}, {Amount: dec("1"), Adjustment: dec("1")}, {Amount: dec("10"), Adjustment: dec("10")}, {Amount: dec("228.96")},
		{Adjustment: dec("10.01")}}})
	for _, r := range b.Refunds {
		equal(t, "10", r.Balance)
	}
	equal(t, "21", b.Settled.Refunded)
	equal(t, "238.95", b.Settled.Charged)
	require.Equal(t, invoicing.RejectedRefund, b.Refunds[3].Rejected)
	require.Equal(t, invoicing.RejectedAdjustment, b.Refunds[4].Rejected)
}

func TestEveryWrongFieldOfADraftIsNamed(t *testing.T) {
	t.Parallel()
	_, err := invoicing.Compute(invoicing.Draft{Currency: "CREDIT", Items: []invoicing.Item{{}, {ID: "0", Amount: ptr("1e16")}},
		Discounts: []invoicing.Discount{{}, {Percent: ptr("101"), Lines: []string{"9"}}}, AccountCredit: dec("-1")})
	var got []string
	for _, f := range fault.Of(err).Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	require.Equal(t, []string{"/currency unknown_asset", "/lines/0/amount required", "/lines/1/id duplicate_key", "/lines/1 out_of_range",
		"/discounts/0/percent required", "/discounts/1/percent out_of_range", "/discounts/1/lines not_found", "/account_credit out_of_range"}, got)
}
