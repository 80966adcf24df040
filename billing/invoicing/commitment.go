package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Maximum caps what lines come to after discounts. AlreadyBilled is what earlier invoices of the same period charged.
type Maximum struct {
	Amount        decimal.Decimal
	AlreadyBilled decimal.Decimal
	Lines         []string // ids; empty: all
}

// Capped is what the maximum took off, in all and from each line.
type Capped struct {
	Discount decimal.Decimal
	Shares   []Share
}

// maximum takes what is above the cap off the lines, so that each keeps its own tax.
func (b *Bill) maximum(m *Maximum) {
	if m == nil {
		return
	}
	all := b.scope(m.Lines, func(*BillLine) bool { return true })
	room := decimal.Max(money.Round(m.Amount.Sub(m.AlreadyBilled), b.Currency), decimal.Zero)
	over := decimal.Max(b.leftOf(all).Sub(room), decimal.Zero)
	capped := &Capped{Shares: b.takeOff(over, b.scope(m.Lines, func(l *BillLine) bool { return l.left().IsPositive() }))}
	for _, s := range capped.Shares {
		capped.Discount = capped.Discount.Add(s.Amount)
	}
	b.Maximum = capped
}

// Minimum is what lines come to at least: an invoice minimum or a commitment. AlreadyBilled counts towards it: earlier
// invoices of the period, a fee paid in advance. With an OverageFactor, what is above it costs so many times as much.
type Minimum struct {
	Amount        decimal.Decimal
	AlreadyBilled decimal.Decimal
	Listed        bool // count amounts before discounts; otherwise after
	OverageFactor *decimal.Decimal
	Lines         []string // ids; empty: all
	Category      string
	Taxes         *[]Tax // of the line it makes; nil: the invoice's
}

// Committed says how the minimum was met: Counted is what the lines come to, of which Within lies inside it; Overage is
// what the rest costs with the factor.
type Committed struct {
	Amount  decimal.Decimal
	Counted decimal.Decimal
	TrueUp  decimal.Decimal
	Within  decimal.Decimal
	Overage decimal.Decimal
}

// minimum adds the true-up as a line of its own. Usage and minimum are each rounded first and the true-up is their
// difference, so that the sum is the minimum exactly. The factor applies to the exact overage, rounded once.
func (b *Bill) minimum(d Draft) {
	m := d.Minimum
	if m == nil {
		return
	}
	sum, exact := m.AlreadyBilled, m.AlreadyBilled
	for _, i := range b.scope(m.Lines, func(*BillLine) bool { return true }) {
		l := &b.Lines[i]
		rounded, precise := l.left(), l.Exact.Sub(l.Discount)
		if m.Listed {
			rounded, precise = l.Amount, l.Exact
		}
		sum, exact = sum.Add(rounded), exact.Add(precise)
	}
	sum = money.Round(sum, b.Currency)
	out := &Committed{Amount: money.Round(m.Amount, b.Currency), Counted: sum}
	out.Within = decimal.Max(decimal.Min(sum, out.Amount), decimal.Zero)
	out.TrueUp = decimal.Max(out.Amount.Sub(sum), decimal.Zero)
	if out.TrueUp.IsPositive() {
		b.addLine(LineTrueUp, out.TrueUp, d)
	}
	out.Overage = decimal.Max(sum.Sub(out.Amount), decimal.Zero)
	over := exact.Sub(out.Amount)
	if m.OverageFactor != nil && over.IsPositive() {
		more := over.Mul(m.OverageFactor.Sub(decimal.NewFromInt(1)))
		b.addLine(LineOverage, more, d)
		out.Overage = out.Overage.Add(b.Lines[len(b.Lines)-1].Amount)
	}
	b.Minimum = out
}

// addLine adds a line that the minimum makes; its kind is its id.
func (b *Bill) addLine(kind string, exact decimal.Decimal, d Draft) {
	line := b.line(kind, kind, exact, d.Minimum.Taxes, d)
	line.category = d.Minimum.Category
	b.index[line.ID] = len(b.Lines)
	b.Lines = append(b.Lines, line)
}
