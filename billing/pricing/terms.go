package pricing

import "github.com/shopspring/decimal"

// Terms bound what a period's usage may come to. A commitment is a minimum of its own and excludes the other two.
type Terms struct {
	Minimum    *decimal.Decimal
	Maximum    *decimal.Decimal
	Commitment *Commitment
	Share      *Fraction // of the period that the terms are agreed for; the whole if nil
}

// Commitment is an amount that usage up to it is charged against. What lies above costs OverageFactor times its price, and
// what is missing at the period's end is made up, unless NoTrueUp.
type Commitment struct {
	Amount        decimal.Decimal
	OverageFactor *decimal.Decimal // 1 if nil
	NoTrueUp      bool
}

// Fraction is a share of a period, which may have no finite decimals.
type Fraction struct {
	Numerator   decimal.Decimal
	Denominator decimal.Decimal
}

func (t Terms) none() bool { return t.Minimum == nil && t.Maximum == nil && t.Commitment == nil }

func (t Terms) validate(f *problems) {
	f.optional("/minimum", t.Minimum)
	f.optional("/maximum", t.Maximum)
	f.ordered("/maximum", t.Minimum, t.Maximum)
	if c := t.Commitment; c != nil {
		f.number("/commitment/amount", c.Amount)
		f.optional("/commitment/overage_factor", c.OverageFactor)
		if t.Minimum != nil {
			f.at("/minimum", "field_not_allowed", "A commitment is a minimum of its own.")
		}
		if t.Maximum != nil {
			f.at("/maximum", "field_not_allowed", "A commitment prices what lies above it and knows no maximum.")
		}
	}
	if t.Share != nil {
		f.number("/period_share/numerator", t.Share.Numerator)
		f.positive("/period_share/denominator", t.Share.Denominator)
		f.ordered("/period_share", &t.Share.Numerator, &t.Share.Denominator)
	}
}

// prorated is an amount of a whole period for the share of it.
func (t Terms) prorated(amount *decimal.Decimal) decimal.Decimal {
	if t.Share == nil {
		return valueOf(amount)
	}
	return perUnit(valueOf(amount), t.Share.Numerator, t.Share.Denominator)
}

// ChargeKind says why a charge is made.
type ChargeKind string

// The kinds there are, in the order in which they are applied.
const (
	ChargeUsage      ChargeKind = "usage"
	ChargeOverage    ChargeKind = "overage"    // above a commitment
	ChargeMaximum    ChargeKind = "maximum"    // negative, down to the cap
	ChargeMinimum    ChargeKind = "minimum"    // up to the minimum
	ChargeCommitment ChargeKind = "commitment" // up to the commitment
)

// Charge is an exact amount that becomes a line of its own.
type Charge struct {
	Kind   ChargeKind
	Amount decimal.Decimal
}

// settle makes the charges of usage whose lines are given, after billed was billed in the same period. It marks on the lines
// what the maximum takes off them. Usage is always the first charge; the others are there if they are not zero.
func (t Terms) settle(lines []Line, billed decimal.Decimal, interim bool) []Charge {
	usage := sum(lines)
	charges := []Charge{{ChargeUsage, usage}}
	add := func(kind ChargeKind, amount decimal.Decimal) {
		if !amount.IsZero() {
			charges = append(charges, Charge{kind, amount})
			usage = usage.Add(amount)
		}
	}
	missing := func(target decimal.Decimal) decimal.Decimal {
		return decimal.Max(target.Sub(billed).Sub(usage), decimal.Zero)
	}
	if t.Maximum != nil {
		add(ChargeMaximum, headroom(lines, t.prorated(t.Maximum).Sub(billed)).Neg())
	}
	if t.Minimum != nil && !interim {
		add(ChargeMinimum, missing(t.prorated(t.Minimum)))
	}
	if c := t.Commitment; c != nil {
		committed := t.prorated(&c.Amount)
		within := decimal.Min(usage, decimal.Max(committed.Sub(billed), decimal.Zero))
		over := usage.Sub(within)
		charges[0].Amount, usage = within, within
		add(ChargeOverage, c.overage(over))
		if !c.NoTrueUp && !interim {
			add(ChargeCommitment, missing(committed))
		}
	}
	return charges
}

func (c Commitment) overage(amount decimal.Decimal) decimal.Decimal {
	if c.OverageFactor == nil {
		return amount
	}
	return bounded(amount.Mul(*c.OverageFactor))
}

// headroom uses up what the maximum leaves line by line, in their order, and gives what it takes off in all. A negative line
// gives room back.
func headroom(lines []Line, left decimal.Decimal) (off decimal.Decimal) {
	left = decimal.Max(left, decimal.Zero)
	for _, l := range lines {
		if l.Amount.IsNegative() {
			left = left.Sub(l.Amount)
		}
	}
	for i := range lines {
		if !lines[i].Amount.IsPositive() {
			continue
		}
		paid := decimal.Min(lines[i].Amount, left)
		left = left.Sub(paid)
		lines[i].Discount = lines[i].Amount.Sub(paid)
		off = off.Add(lines[i].Discount)
	}
	return off
}
