package pricing

import "github.com/shopspring/decimal"

// allowance is what of the free events and the free amount earlier transactions have used.
type allowance struct {
	events int64
	amount decimal.Decimal
}

// left gives how much of the next transaction may be free of the rate. The allowance ends at the first of its two limits,
// for all that follows; unlimited is true where only events are counted.
func (p Price) left(used allowance) (amount decimal.Decimal, unlimited, open bool) {
	if p.FreeEvents == nil && p.FreeAmount == nil || p.FreeEvents != nil && used.events >= *p.FreeEvents {
		return decimal.Zero, false, false
	}
	if p.FreeAmount == nil {
		return decimal.Zero, true, true
	}
	amount = p.FreeAmount.Sub(used.amount)
	return amount, false, amount.IsPositive()
}

// transaction prices one transaction: the rate on what is not free, the fixed fee, and both together held between minimum
// and maximum. One that the allowance covers whole is free of all of them; one that it covers in part pays the fixed fee.
func (p Price) transaction(used allowance, amount decimal.Decimal) (Line, allowance) {
	line := Line{Kind: LineTransaction, Quantity: amount}
	free, unlimited, open := p.left(used)
	if used.events++; open && (unlimited || amount.LessThanOrEqual(free)) {
		line.Free = amount
		used.amount = used.amount.Add(amount)
		return line, used
	}
	if open {
		line.Free = free
	}
	used.amount = used.amount.Add(amount)
	line.UnitPart = percent(amount.Sub(line.Free), *p.RatePercent)
	line.FlatPart = valueOf(p.FixedAmount)
	line.Amount = p.clamped(line.UnitPart.Add(line.FlatPart))
	line.Clamp = line.Amount.Sub(line.UnitPart).Sub(line.FlatPart)
	return line, used
}

func (p Price) clamped(amount decimal.Decimal) decimal.Decimal {
	if p.TransactionMinimum != nil {
		amount = decimal.Max(amount, *p.TransactionMinimum)
	}
	if p.TransactionMaximum != nil {
		amount = decimal.Min(amount, *p.TransactionMaximum)
	}
	return amount
}

// valueOf is zero for what was not given.
func valueOf(d *decimal.Decimal) decimal.Decimal {
	if d == nil {
		return decimal.Zero
	}
	return *d
}
