package invoicing_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/fault"
)

func TestADiscountStopsWhereNegativeLinesLeaveNothing(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("50", "-40"), Discounts: []invoicing.Discount{{Amount: ptr("30")}}})
	equal(t, "10", b.Discount)
	equal(t, "0", b.Total)
	equal(t, "0", b.ToAccountCredit)
	d := invoicing.Draft{Currency: "EUR", Items: items("100", "100"), Discounts: []invoicing.Discount{{Percent: ptr("10")}}}
	d.Items[0].NotDiscountable = true
	equal(t, "10", compute(t, d).Discount)
	d = invoicing.Draft{Currency: "EUR", Items: items("10", "4"), Discounts: []invoicing.Discount{{Amount: ptr("5"), PerLine: true, Lines: []string{"1"}}}}
	equal(t, "4", compute(t, d).Discount)
}

func TestAMinimumCountsWhatDiscountsLeaveUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	d := invoicing.Draft{Currency: "EUR", Items: items("100"), Taxes: rate("10"), Discounts: []invoicing.Discount{{Percent: ptr("10")}},
		Minimum: &invoicing.Minimum{Amount: dec("95"), Category: "commitment"}}
	b := compute(t, d)
	equal(t, "5", b.Minimum.TrueUp)
	equal(t, "95", b.Net)
	require.Len(t, b.Taxes, 2, "the true-up is of its own category")
	require.Equal(t, "commitment", b.Taxes[1].Category)
	d.Minimum.Listed = true
	equal(t, "0", compute(t, d).Minimum.TrueUp)
	b = compute(t, invoicing.Draft{Currency: "EUR", Items: items("15.004"), Minimum: &invoicing.Minimum{Amount: dec("10"), OverageFactor: ptr("3")}})
	equal(t, "25.01", b.Total, "the factor is of the exact overage: 15.00 + 5.004 × 2")
}

func TestAMinimumCountsRoundedLinesAndIsHitExactly(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("10.004", "10.004"), Minimum: &invoicing.Minimum{Amount: dec("30")}})
	equal(t, "10", b.Minimum.TrueUp)
	equal(t, "30", b.Total)
}

func TestTaxIsRoundedForEachCategoryAndRateOrForEachLine(t *testing.T) {
	t.Parallel()
	d := invoicing.Draft{Currency: "EUR", Items: items("0.33", "0.33", "0.33"), Taxes: rate("10")}
	equal(t, "0.10", compute(t, d).Tax)
	d.TaxRounding = invoicing.RoundPerLine
	equal(t, "0.09", compute(t, d).Tax)
	d = invoicing.Draft{Currency: "EUR", Items: items("0.33", "0.33"), Taxes: rate("50")}
	equal(t, "0.33", compute(t, d).Tax)
	d.Items[1].Category = "books"
	equal(t, "0.34", compute(t, d).Tax)
}

func TestEachLineOfACorrectedTaxHasItsOwn(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("1000", "-999.97"), Taxes: rate("20")})
	equal(t, "0.01", b.Tax)
	equal(t, "200", b.Lines[0].Tax)
	equal(t, "-199.99", b.Lines[1].Tax)
}

func TestRatesStackCompoundAndAreIncludedAsTheySay(t *testing.T) {
	t.Parallel()
	taxes := []invoicing.Tax{{Code: "GST", Percent: dec("5")}, {Code: "QST", Percent: dec("9.975")}}
	d := invoicing.Draft{Currency: "CAD", Items: items("100"), Taxes: taxes}
	equal(t, "14.98", compute(t, d).Tax)
	taxes[1].Compound = true
	equal(t, "15.47", compute(t, d).Tax)
	d = invoicing.Draft{Currency: "CAD", Items: items("115.50"), Taxes: []invoicing.Tax{{Code: "A", Percent: dec("5"), Inclusive: true},
		{Code: "B", Percent: dec("10"), Inclusive: true, Compound: true}}}
	b := compute(t, d)
	equal(t, "100", b.Net)
	equal(t, "5", b.Taxes[0].Amount)
	equal(t, "10.50", b.Taxes[1].Amount)
	equal(t, "100", b.Taxes[1].Taxable)
	b = compute(t, invoicing.Draft{Currency: "EUR", Items: items("120"), Taxes: []invoicing.Tax{{Percent: dec("20"), Inclusive: true}, {Code: "L", Percent: dec("10")}}})
	equal(t, "130", b.Total)
}

func TestAnExemptionIsAZeroRateWithItsReason(t *testing.T) {
	t.Parallel()
	d := invoicing.Draft{Currency: "EUR", Items: items("10", "20", "30"), Taxes: rate("19")}
	d.Items[0].Taxes = &[]invoicing.Tax{{Code: "VAT", Reason: "reverse_charge"}}
	d.Items[1].Taxes = &[]invoicing.Tax{{Code: "VAT", Reason: "exempt"}}
	d.Items[2].Taxes = &[]invoicing.Tax{}
	b := compute(t, d)
	require.Len(t, b.Taxes, 2)
	equal(t, "10", b.Taxes[0].Taxable)
	equal(t, "20", b.Taxes[1].Taxable)
	equal(t, "0", b.Tax)
	d.Taxes[0].Reason = "why"
	_, err := invoicing.Compute(d)
	require.Equal(t, "/taxes/0/reason", fault.Of(err).Fields[0].Pointer)
}

func TestWhatIsTooSmallForTheProviderIsCarried(t *testing.T) {
	t.Parallel()
	for amount, carried := range map[string]bool{"0": false, "0.49": true, "0.50": false, "-1": false} {
		require.Equal(t, carried, compute(t, invoicing.Draft{Currency: "EUR", Items: items(amount)}).Collection.Carried, amount)
	}
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("0.30"), CarriedIn: dec("0.20")})
	equal(t, "0.50", b.Collection.AmountDue)
	require.False(t, b.Collection.Carried)
	require.EqualValues(t, 50, b.Collection.MinorUnits)
}

func TestCreditNotesAreSharedByWhatTheLinesChargeWithTax(t *testing.T) {
	t.Parallel()
	d := invoicing.Draft{Currency: "EUR", Items: items("100", "100"), CreditNotes: []decimal.Decimal{dec("22")}}
	d.Items[0].Taxes = &[]invoicing.Tax{{Percent: dec("20")}}
	b := compute(t, d)
	equal(t, "12", b.Lines[0].CreditApplied)
	equal(t, "10", b.Lines[1].CreditApplied)
}

func TestNoCreditNoteGivesBackMoreThanAllLinesTogetherCharge(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("50", "-20"), Issue: []invoicing.NoteRequest{{Amount: ptr("40")}, {Amount: ptr("30")}}})
	require.Equal(t, invoicing.RejectedInvoice, b.Notes[0].Rejected)
	equal(t, "30", b.Notes[1].Total)
}

func TestACreditNoteGoesWhereItIsSent(t *testing.T) {
	t.Parallel()
	note := func(amount string, how invoicing.Settle) invoicing.NoteRequest {
		return invoicing.NoteRequest{Amount: ptr(amount), Settle: how}
	}
	d := invoicing.Draft{Currency: "EUR", Items: items("100"), Paid: dec("60"), Issue: []invoicing.NoteRequest{note("30", ""), note("30", invoicing.SettleOffset)}}
	b := compute(t, d)
	equal(t, "30", b.Notes[0].Offset)
	equal(t, "10", b.Notes[1].Offset)
	equal(t, "20", b.Notes[1].AccountCredit)
	equal(t, "60", b.Settled.Charged)
	equal(t, "0", b.Settled.Balance)
	d.Issue = []invoicing.NoteRequest{note("80", invoicing.SettleRefundOffset)}
	b = compute(t, d)
	equal(t, "40", b.Notes[0].Refund)
	equal(t, "40", b.Notes[0].Offset)
	d = invoicing.Draft{Currency: "EUR", Items: items("50"), CarriedIn: dec("50"), Paid: dec("50"), Issue: []invoicing.NoteRequest{note("50", invoicing.SettleRefund)}}
	equal(t, "25", compute(t, d).Notes[0].Refund, "half of what was paid was for what was carried in")
	d = invoicing.Draft{Currency: "EUR", Items: items("0.01", "0.01"), Paid: dec("0.01"), Issue: []invoicing.NoteRequest{note("0.01", invoicing.SettleRefund), note("0.01", invoicing.SettleRefund)}}
	equal(t, "0.01", compute(t, d).Settled.Refunded, "the shares of one unit are not both a unit")
	d.Paid = dec("0.03")
	_, err := invoicing.Compute(d)
	require.Equal(t, "/paid", fault.Of(err).Fields[0].Pointer)
}

func TestACouponsShareIsTakenOffACreditBeforeDiscount(t *testing.T) {
	t.Parallel()
	b := compute(t, invoicing.Draft{Currency: "EUR", Items: items("31"), Taxes: rate("20"), Discounts: []invoicing.Discount{{Amount: ptr("1")}},
		Issue: []invoicing.NoteRequest{{BeforeDiscount: true, Items: []invoicing.NoteItem{{Line: "0", UsedUnits: ptr("15"), UnusedUnits: ptr("16")}}}}})
	i := b.Notes[0].Items[0]
	equal(t, "16", i.Amount)
	equal(t, "0.52", i.Discount)
	equal(t, "15.48", i.Net)
	equal(t, "3.10", i.Tax)
}
