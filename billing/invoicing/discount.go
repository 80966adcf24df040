package invoicing

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Discount takes a percentage or a fixed amount off lines before tax: off their sum, or with PerLine off each of them.
type Discount struct {
	Code    string
	Percent *decimal.Decimal // of what earlier discounts left
	Amount  *decimal.Decimal
	PerLine bool
	Lines   []string // ids; empty: every line that may be discounted
}

// Discounted is what one discount took, in all and from each line.
type Discounted struct {
	Code   string
	Amount decimal.Decimal
	Shares []Share
}

// Share is a line's part of an amount.
type Share struct {
	Line   string
	Amount decimal.Decimal
}

// discount takes one discount off. It stops at zero twice: no line goes below, and lines that are negative already leave
// less to take off the others, since a discount must not become account credit. Negative lines are never discounted: a
// proration credit is part of what was paid, after its discount.
func (b *Bill) discount(d Discount) Discounted {
	lines := b.scope(d.Lines, func(l *BillLine) bool { return l.discountable && l.left().IsPositive() })
	out := Discounted{Code: d.Code}
	if !d.PerLine {
		out.Shares = b.takeOff(b.wanted(d, b.leftOf(lines)), lines)
	} else {
		for _, i := range lines {
			out.Shares = append(out.Shares, b.takeOff(b.wanted(d, b.Lines[i].left()), []int{i})...)
		}
	}
	for _, s := range out.Shares {
		out.Amount = out.Amount.Add(s.Amount)
	}
	return out
}

// wanted is what a discount comes to on a base, rounded once.
func (b *Bill) wanted(d Discount, base decimal.Decimal) decimal.Decimal {
	if d.Percent != nil {
		return money.Round(base.Mul(d.Percent.Shift(-2)), b.Currency)
	}
	return money.Round(*d.Amount, b.Currency)
}

// takeOff spreads an amount over lines by what they have left, by largest remainder, and never takes more than that, or
// than the whole invoice has left.
func (b *Bill) takeOff(amount decimal.Decimal, lines []int) []Share {
	amount = decimal.Min(amount, b.leftOf(lines), decimal.Max(b.room, decimal.Zero))
	b.room = b.room.Sub(amount)
	weights := make([]decimal.Decimal, len(lines))
	for n, i := range lines {
		weights[n] = b.Lines[i].left()
	}
	shares := make([]Share, 0, len(lines))
	for n, part := range money.Allocate(amount, weights, money.Scale(b.Currency)) {
		line := &b.Lines[lines[n]]
		line.Discount = line.Discount.Add(part)
		shares = append(shares, Share{Line: line.ID, Amount: part})
	}
	return shares
}

// scope gives the places of the lines that are named, or of all, and that hold what is asked, in their order.
func (b *Bill) scope(ids []string, holds func(*BillLine) bool) []int {
	places := make([]int, 0, len(b.Lines))
	for i := range b.Lines {
		places = append(places, i)
	}
	if len(ids) > 0 {
		places = places[:0]
		for _, id := range ids {
			places = append(places, b.index[id])
		}
		slices.Sort(places)
		places = slices.Compact(places)
	}
	return slices.DeleteFunc(places, func(i int) bool { return !holds(&b.Lines[i]) })
}

// leftOf adds up what discounts have left of lines.
func (b *Bill) leftOf(lines []int) (sum decimal.Decimal) {
	for _, i := range lines {
		sum = sum.Add(b.Lines[i].left())
	}
	return sum
}
