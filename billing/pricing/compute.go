package pricing

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

func fieldsOf(err error) []fault.Field {
	if err == nil {
		return nil
	}
	return fault.Of(err).Fields
}

// Part is what one quantity, transaction, bucket, combination or event costs, before the period's terms.
type Part struct {
	Given    decimal.Decimal // as it was metered
	Priced   decimal.Decimal // after conversion and free units
	Packages decimal.Decimal
	Amount   decimal.Decimal
	Lines    []Line
}

// Result is exact. Gross is the sum of the parts and Amount that of the charges.
type Result struct {
	Parts           []Part
	Charges         []Charge
	Priced          decimal.Decimal
	Packages        decimal.Decimal
	Gross           decimal.Decimal
	MaximumDiscount decimal.Decimal
	TrueUp          decimal.Decimal
	Amount          decimal.Decimal
}

// Charged gives the exact amount of one kind of charge, zero if there is none.
func (r Result) Charged(kind ChargeKind) decimal.Decimal {
	for _, c := range r.Charges {
		if c.Kind == kind {
			return c.Amount
		}
	}
	return decimal.Zero
}

// Compute prices the usage and applies the terms of its period.
func Compute(r Request) (Result, error) {
	if err := r.Validate(); err != nil {
		return Result{}, err
	}
	parts, err := r.parts()
	if err != nil {
		return Result{}, err
	}
	billed, err := r.billed()
	if err != nil {
		return Result{}, err
	}
	out := Result{Parts: parts}
	var lines []Line
	for _, p := range parts {
		lines = append(lines, p.Lines...)
		out.Priced, out.Packages, out.Gross = out.Priced.Add(p.Priced), out.Packages.Add(p.Packages), out.Gross.Add(p.Amount)
	}
	out.Charges = r.Terms.settle(lines, billed, r.Interim)
	for i, n := 0, 0; i < len(parts); i++ {
		n += copy(parts[i].Lines, lines[n:])
	}
	for _, c := range out.Charges {
		out.Amount = out.Amount.Add(c.Amount)
	}
	out.MaximumDiscount = out.Charged(ChargeMaximum).Neg()
	out.TrueUp = out.Charged(ChargeMinimum).Add(out.Charged(ChargeCommitment))
	return out, nil
}

func (r Request) parts() ([]Part, error) {
	switch {
	case r.Events != nil:
		return r.events()
	case r.Combinations != nil:
		return r.combinations()
	case r.Price.Model == ModelPercentage:
		return r.percentages(), nil
	case r.Price.Model == ModelDynamic:
		return r.dynamics(), nil
	case r.Buckets != nil:
		return r.buckets()
	case r.Quantity != nil:
		return r.running([]decimal.Decimal{*r.Quantity})
	default:
		return r.running(r.Transactions)
	}
}

// running prices each quantity as the difference it makes to the period.
func (r Request) running(quantities []decimal.Decimal) ([]Part, error) {
	parts := make([]Part, 0, len(quantities))
	m := meter{conversion: r.Conversion}
	m.read(valueOf(r.Billed.Quantity))
	opened := r.Billed.Quantity != nil
	for _, q := range quantities {
		from, to := m.read(q)
		part, err := r.part(q, from, to, opened)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		opened = true
	}
	return parts, nil
}

// part prices from one cumulative quantity to another. The first of a period begins with nothing, not with P(0).
func (r Request) part(given, from, to decimal.Decimal, opened bool) (Part, error) {
	for _, q := range []decimal.Decimal{from, to} {
		if err := r.Price.holds(q); err != nil {
			return Part{}, err
		}
	}
	var before []Line
	if opened {
		before = r.Price.steps(from)
	}
	return partOf(given, to.Sub(from), difference(r.Price.steps(to), before)), nil
}

func partOf(given, priced decimal.Decimal, lines []Line) Part {
	p := Part{Given: given, Priced: priced, Lines: lines, Amount: sum(lines)}
	for _, l := range lines {
		p.Packages = p.Packages.Add(l.Packages)
		if l.Kind == LineFree {
			p.Priced = p.Priced.Sub(l.Quantity)
		}
	}
	return p
}

func (r Request) buckets() ([]Part, error) {
	parts := make([]Part, 0, len(r.Buckets))
	for _, q := range r.Buckets {
		m := meter{conversion: r.Conversion}
		from, to := m.read(q)
		part, err := r.part(q, from, to, false)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func (r Request) percentages() []Part {
	parts := make([]Part, 0, len(r.Transactions))
	used := allowance{amount: valueOf(r.Billed.Quantity)}
	if r.Billed.Events != nil {
		used.events = *r.Billed.Events
	}
	for _, amount := range r.Transactions {
		var line Line
		line, used = r.Price.transaction(used, amount)
		parts = append(parts, partOf(amount, amount, []Line{line}))
	}
	return parts
}

func (r Request) dynamics() []Part {
	parts := make([]Part, 0, len(r.Transactions))
	for _, amount := range r.Transactions {
		line := r.Price.dynamic(amount, r.Asset)
		parts = append(parts, partOf(amount, amount, []Line{line}))
	}
	return parts
}

func (r Request) combinations() ([]Part, error) {
	parts := make([]Part, 0, len(r.Combinations))
	cells := r.Price.table()
	for i, c := range r.Combinations {
		line, priced := cells.line(c)
		if !priced {
			return nil, fault.At(fmt.Sprintf("/combinations/%d/values", i), CodePriceMissing,
				"No cell has these values, and the price has no default.")
		}
		parts = append(parts, partOf(c.Quantity, c.Quantity, []Line{line}))
	}
	return parts, nil
}

func (r Request) events() ([]Part, error) {
	shares, err := r.Price.prorated(r.Events)
	if err != nil {
		return nil, err
	}
	parts := make([]Part, 0, len(r.Events))
	for i, e := range r.Events {
		parts = append(parts, partOf(e.Units, e.Prorated, shares[i]))
	}
	return parts, nil
}

// billed is what the period was billed before, by what the caller says or by the price itself.
func (r Request) billed() (decimal.Decimal, error) {
	if r.Billed.Amount != nil || r.Billed.Quantity == nil || r.Terms.none() {
		return valueOf(r.Billed.Amount), nil
	}
	m := meter{conversion: r.Conversion}
	from, to := m.read(*r.Billed.Quantity)
	part, err := r.part(to, from, to, false)
	if err != nil {
		return decimal.Zero, err
	}
	total := decimal.Zero
	for _, c := range r.Terms.settle(part.Lines, decimal.Zero, true) {
		total = total.Add(c.Amount)
	}
	return total, nil
}
