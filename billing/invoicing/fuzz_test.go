package invoicing_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// maybe draws a value, nil as often as not; it may be wrong in sign and size.
func maybe(t *rapid.T, name string) *decimal.Decimal {
	if rapid.Bool().Draw(t, name+" absent") {
		return nil
	}
	v := decimal.New(rapid.Int64().Draw(t, name), rapid.Int32Range(-20, 2).Draw(t, name+" scale"))
	return &v
}

func value(t *rapid.T, name string) decimal.Decimal {
	if v := maybe(t, name); v != nil {
		return *v
	}
	return decimal.Zero
}

// wildDraft may be wrong in every field.
func wildDraft(t *rapid.T) invoicing.Draft {
	line := rapid.SampledFrom([]string{"", "0", "1", "true_up", "nowhere"})
	d := invoicing.Draft{Currency: rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD", "ISK", "MGA", "CREDIT", ""}).Draw(t, "currency"),
		TaxRounding: invoicing.TaxRounding(rapid.SampledFrom([]string{"", "per_line", "other"}).Draw(t, "rounding")),
		CarriedIn:   value(t, "carried"), AccountCredit: value(t, "credit"), Paid: value(t, "paid"), PaidOf: maybe(t, "of")}
	for range rapid.IntRange(0, 4).Draw(t, "items") {
		d.Items = append(d.Items, invoicing.Item{ID: line.Draw(t, "id"), Amount: maybe(t, "amount"), Quantity: maybe(t, "quantity"),
			UnitAmount: maybe(t, "unit"), Taxes: &[]invoicing.Tax{{Percent: value(t, "percent"), Inclusive: rapid.Bool().Draw(t, "in"), Compound: true}}})
	}
	for range rapid.IntRange(0, 2).Draw(t, "discounts") {
		d.Discounts = append(d.Discounts, invoicing.Discount{Percent: maybe(t, "off"), Amount: maybe(t, "less"), Lines: []string{line.Draw(t, "line")}})
	}
	if rapid.Bool().Draw(t, "bounded") {
		d.Maximum = &invoicing.Maximum{Amount: value(t, "max")}
		d.Minimum = &invoicing.Minimum{Amount: value(t, "min"), OverageFactor: maybe(t, "factor")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "notes") {
		d.CreditNotes = append(d.CreditNotes, value(t, "note"))
		d.Issue = append(d.Issue, invoicing.NoteRequest{Amount: maybe(t, "issue"), BeforeDiscount: rapid.Bool().Draw(t, "listed"), Settle: invoicing.SettleRefundOffset,
			Items: []invoicing.NoteItem{{Line: line.Draw(t, "of"), Amount: maybe(t, "part"), UsedUnits: maybe(t, "used"), UnusedUnits: maybe(t, "unused")}}[:rapid.IntRange(0, 1).Draw(t, "some")]})
		d.Refunds = append(d.Refunds, invoicing.RefundRequest{Amount: value(t, "refund"), Adjustment: value(t, "adjustment")})
	}
	return d
}

func FuzzAnyDraftIsRefusedByNameOrAddsUp(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(refusedOrSums))
}

func TestAnyDraftIsRefusedByNameOrAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, refusedOrSums)
}

func refusedOrSums(t *rapid.T) {
	b, err := invoicing.Compute(wildDraft(t))
	if err != nil {
		require.Equal(t, fault.Invalid, fault.Of(err).Kind, "%v", err)
		return
	}
	sums(t, b)
	for _, n := range b.Notes {
		require.True(t, n.Total.Equal(n.Refund.Add(n.Offset).Add(n.AccountCredit)))
	}
}
