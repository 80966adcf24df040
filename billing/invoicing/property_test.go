package invoicing_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
)

var anyCurrency = rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD"})

func anyOf(low, high int64, scale int32) *rapid.Generator[*decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) *decimal.Decimal {
		v := decimal.New(rapid.Int64Range(low, high).Draw(t, "digits"), -rapid.Int32Range(0, scale).Draw(t, "scale"))
		return &v
	})
}

var anyTax = rapid.Custom(func(t *rapid.T) invoicing.Tax {
	return invoicing.Tax{Code: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "code"), Percent: *anyOf(0, 50_000, 3).Draw(t, "percent"),
		Inclusive: rapid.Bool().Draw(t, "inclusive"), Compound: rapid.Bool().Draw(t, "compound")}
}).Filter(func(t invoicing.Tax) bool { return t.Percent.LessThanOrEqual(decimal.NewFromInt(100)) })

func anyTaxes() *rapid.Generator[[]invoicing.Tax] {
	return rapid.SliceOfNDistinct(anyTax, 0, 3, func(t invoicing.Tax) string {
		return fmt.Sprint(t.Code, t.Percent, t.Inclusive, t.Compound)
	})
}

func anyItem(low int64, taxes *rapid.Generator[[]invoicing.Tax]) *rapid.Generator[invoicing.Item] {
	return rapid.Custom(func(t *rapid.T) invoicing.Item {
		item := invoicing.Item{Amount: anyOf(low, 1_000_000, 5).Draw(t, "amount"), NotDiscountable: rapid.Bool().Draw(t, "fixed"),
			Category: rapid.SampledFrom([]string{"", "saas"}).Draw(t, "category")}
		own := taxes.Draw(t, "taxes")
		item.Taxes = &own
		return item
	})
}

var anyDiscount = rapid.Custom(func(t *rapid.T) invoicing.Discount {
	d := invoicing.Discount{PerLine: rapid.Bool().Draw(t, "per line")}
	if rapid.Bool().Draw(t, "fixed") {
		d.Amount = anyOf(0, 1_000_000, 4).Draw(t, "off")
	} else {
		d.Percent = anyOf(0, 100, 3).Draw(t, "percent")
	}
	return d
})

// anyDraft is any invoice; its lines amount to low at least.
func anyDraft(low int64) *rapid.Generator[invoicing.Draft] {
	return rapid.Custom(func(t *rapid.T) invoicing.Draft {
		d := invoicing.Draft{Currency: anyCurrency.Draw(t, "currency"), Taxes: anyTaxes().Draw(t, "default taxes"),
			Items:       rapid.SliceOfN(anyItem(low, anyTaxes()), 0, 6).Draw(t, "items"),
			Discounts:   rapid.SliceOfN(anyDiscount, 0, 3).Draw(t, "discounts"),
			TaxRounding: rapid.SampledFrom([]invoicing.TaxRounding{invoicing.RoundPerRate, invoicing.RoundPerLine}).Draw(t, "rounding")}
		if rapid.Bool().Draw(t, "capped") {
			d.Maximum = &invoicing.Maximum{Amount: *anyOf(0, 1_000_000, 3).Draw(t, "maximum"), AlreadyBilled: *anyOf(0, 1000, 2).Draw(t, "billed")}
		}
		if rapid.Bool().Draw(t, "committed") {
			d.Minimum = &invoicing.Minimum{Amount: *anyOf(0, 1_000_000, 3).Draw(t, "minimum"), Listed: rapid.Bool().Draw(t, "listed")}
			if rapid.Bool().Draw(t, "dear") {
				d.Minimum.OverageFactor = anyOf(1, 5, 1).Draw(t, "factor")
			}
		}
		d.AccountCredit = *anyOf(0, 1_000_000, 9).Draw(t, "credit")
		for _, v := range rapid.SliceOfN(anyOf(0, 10_000, 2), 0, 3).Draw(t, "notes") {
			d.CreditNotes = append(d.CreditNotes, *v)
		}
		return d
	})
}

func mustCompute(t *rapid.T, d invoicing.Draft) invoicing.Bill {
	b, err := invoicing.Compute(d)
	require.NoError(t, err)
	return b
}

func TestWhateverIsInvoicedAddsUpToTheUnitAndIsNeverNegative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(-100_000).Draw(t, "draft")
		b := mustCompute(t, d)
		sums(t, b)
		discounts := decimal.Zero
		for _, x := range b.Discounts {
			shares := decimal.Zero
			for _, s := range x.Shares {
				shares = shares.Add(s.Amount)
				require.False(t, s.Amount.IsNegative())
			}
			require.True(t, shares.Equal(x.Amount))
			discounts = discounts.Add(x.Amount)
		}
		if b.Maximum != nil {
			discounts = discounts.Add(b.Maximum.Discount)
		}
		require.True(t, discounts.Equal(b.Discount), "no discount is lost or given twice")
		c := b.Collection
		applied, shares := decimal.Zero, decimal.Zero
		for i, n := range c.Notes {
			applied = applied.Add(n.Applied)
			require.True(t, n.Applied.Add(n.Left).Equal(d.CreditNotes[i]) && !n.Left.IsNegative())
		}
		for _, l := range b.Lines {
			shares = shares.Add(l.CreditApplied)
		}
		require.True(t, applied.Equal(c.NotesTotal) && shares.Equal(c.NotesTotal))
		require.True(t, b.Total.Equal(applied.Add(c.Credit).Add(c.AmountDue)))
		require.True(t, d.AccountCredit.Add(b.ToAccountCredit).Equal(c.Credit.Add(c.CreditLeft)))
	})
}

func TestTheOrderOfTheLinesDoesNotChangeTheTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(-100_000).Draw(t, "draft")
		d.Discounts, d.Maximum = nil, nil // their shares go to the earlier line among equals, which may be taxed otherwise
		if rapid.Bool().Draw(t, "one treatment") {
			d.Discounts = []invoicing.Discount{{Percent: anyOf(0, 100, 2).Draw(t, "off")}}
			for i := range d.Items {
				d.Items[i].Taxes, d.Items[i].Category, d.Items[i].NotDiscountable = nil, "", false
			}
		}
		other := d
		other.Items = rapid.Permutation(d.Items).Draw(t, "shuffled")
		a, b := mustCompute(t, d), mustCompute(t, other)
		if d.TaxRounding == invoicing.RoundPerLine && len(d.Discounts) > 0 {
			require.True(t, a.Net.Add(a.Tax).Equal(a.Sum)) // shares differ, and each is taxed alone
			return
		}
		if compounds(d) {
			return // a compound tax is of shares, and these go to the earlier line among equals
		}
		require.True(t, a.Subtotal.Equal(b.Subtotal) && a.Discount.Equal(b.Discount))
		require.True(t, a.Tax.Equal(b.Tax), "%s %s", a.Tax, b.Tax)
		require.True(t, a.Sum.Equal(b.Sum) && a.Collection.AmountDue.Equal(b.Collection.AmountDue))
	})
}

// compounds says whether the shares of one tax are taxed by another.
func compounds(d invoicing.Draft) bool {
	lists := [][]invoicing.Tax{d.Taxes}
	for _, i := range d.Items {
		if i.Taxes != nil {
			lists = append(lists, *i.Taxes)
		}
	}
	for _, list := range lists {
		included, onTop := false, false
		for _, tax := range list {
			if tax.Compound && !tax.Inclusive {
				return true
			}
			included, onTop = included || tax.Inclusive, onTop || !tax.Inclusive
		}
		if included && onTop {
			return true
		}
	}
	return false
}

func TestAnInclusiveTaxAndItsNetAreTheAmount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		percent := *anyOf(0, 100, 2).Draw(t, "percent")
		d := invoicing.Draft{Currency: anyCurrency.Draw(t, "currency"), Taxes: []invoicing.Tax{{Percent: percent, Inclusive: true}}}
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			d.Items = append(d.Items, invoicing.Item{Amount: anyOf(0, 1_000_000, 3).Draw(t, "amount")})
		}
		b := mustCompute(t, d)
		require.True(t, b.Net.Add(b.Tax).Equal(b.Subtotal))
		off := b.Net.Mul(percent.Shift(-2)).Sub(b.Tax).Abs() // what the net would be taxed
		unit := decimal.New(1, -money.Scale(b.Currency))
		require.True(t, off.LessThanOrEqual(unit), "%s of tax on %s", b.Tax, b.Net)
	})
}

func TestRoundingTaxPerLineDiffersByHalfAUnitALineAtMost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := invoicing.Draft{Currency: anyCurrency.Draw(t, "currency"),
			Taxes: []invoicing.Tax{{Percent: *anyOf(0, 100, 3).Draw(t, "percent"), Inclusive: rapid.Bool().Draw(t, "inclusive")}}}
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			d.Items = append(d.Items, invoicing.Item{Amount: anyOf(-1000, 1_000_000, 3).Draw(t, "amount")})
		}
		perRate := mustCompute(t, d)
		d.TaxRounding = invoicing.RoundPerLine
		perLine := mustCompute(t, d)
		halves := decimal.New(5, -money.Scale(d.Currency)-1).Mul(decimal.NewFromInt(int64(len(d.Items) + 1)))
		require.True(t, perRate.Tax.Sub(perLine.Tax).Abs().LessThanOrEqual(halves), "%s and %s", perRate.Tax, perLine.Tax)
		if len(d.Items) == 1 {
			require.True(t, perRate.Tax.Equal(perLine.Tax))
		}
	})
}

func TestCreditingEverythingInWhateverPartsGivesBackExactlyWhatWasCharged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(0).Draw(t, "draft")
		d.Minimum = nil
		whole := mustCompute(t, d)
		if slices.ContainsFunc(whole.Lines, func(l invoicing.BillLine) bool { return l.Net.IsZero() && !l.Tax.IsZero() }) {
			t.Skip("a unit that is all tax has no net amount by which it could be credited")
		}
		before := rapid.Bool().Draw(t, "before discount")
		left := map[string]decimal.Decimal{}
		for _, l := range whole.Lines {
			left[l.ID] = l.Net
			if before {
				left[l.ID] = l.Net.Add(l.Discount)
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "notes") {
			note := invoicing.NoteRequest{BeforeDiscount: before}
			for _, l := range whole.Lines {
				if rapid.Bool().Draw(t, "credited") {
					part := left[l.ID].Mul(decimal.New(rapid.Int64Range(0, 100).Draw(t, "percent"), -2)).Truncate(money.Scale(d.Currency))
					left[l.ID] = left[l.ID].Sub(part)
					note.Items = append(note.Items, invoicing.NoteItem{Line: l.ID, Amount: &part})
				}
			}
			if len(note.Items) > 0 {
				d.Issue = append(d.Issue, note)
			}
		}
		rest := decimal.Zero
		for _, v := range left {
			rest = rest.Add(v)
		}
		d.Issue = append(d.Issue, invoicing.NoteRequest{Amount: &rest, BeforeDiscount: before})
		net, tax := decimal.Zero, decimal.Zero
		for _, n := range mustCompute(t, d).Notes {
			require.Empty(t, n.Rejected)
			require.True(t, n.Total.Equal(n.Net.Add(n.Tax)) && n.Total.Equal(n.Refund.Add(n.Offset).Add(n.AccountCredit)))
			net, tax = net.Add(n.Net), tax.Add(n.Tax)
		}
		require.True(t, net.Equal(whole.Net), "%s of %s", net, whole.Net)
		require.True(t, tax.Equal(whole.Tax), "%s of %s", tax, whole.Tax)
	})
}

func TestMoneyGivenBackNeverExceedsWhatWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(0).Draw(t, "draft")
		due := mustCompute(t, d).Collection.AmountDue
		d.Paid = due.Mul(decimal.New(rapid.Int64Range(0, 100).Draw(t, "percent"), -2)).Truncate(money.Scale(d.Currency))
		settle := rapid.SampledFrom([]invoicing.Settle{"", invoicing.SettleOffset, invoicing.SettleCredit, invoicing.SettleRefund, invoicing.SettleRefundOffset})
		for range rapid.IntRange(0, 4).Draw(t, "notes") {
			d.Issue = append(d.Issue, invoicing.NoteRequest{Amount: anyOf(0, 300_000, 3).Draw(t, "note"), Settle: settle.Draw(t, "settle")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "refunds") {
			d.Refunds = append(d.Refunds, invoicing.RefundRequest{Amount: *anyOf(0, 100_000, 3).Draw(t, "refund"), Adjustment: *anyOf(0, 100_000, 3).Draw(t, "less")})
		}
		b := mustCompute(t, d)
		credited := decimal.Zero
		for _, n := range b.Notes {
			credited = credited.Add(n.Total)
			for _, v := range []decimal.Decimal{n.Net, n.Tax, n.Refund, n.Offset, n.AccountCredit} {
				require.False(t, v.IsNegative())
			}
		}
		s := b.Settled
		require.True(t, credited.LessThanOrEqual(b.Total), "%s of %s", credited, b.Total)
		require.True(t, s.Refunded.LessThanOrEqual(d.Paid))
		require.False(t, s.Charged.IsNegative(), "%s", s.Charged)
		require.False(t, s.Balance.IsNegative(), "%s", s.Balance)
	})
}
