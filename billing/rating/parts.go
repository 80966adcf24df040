package rating

import "github.com/shopspring/decimal"

// Payer says who pays a part of a rating.
type Payer string

// A unit lot pays a part of the quantity, a lot a part of the amount; overage is due, a waived part is not.
const (
	ByUnits   Payer = "units"
	ByLot     Payer = "lot"
	ByOverage Payer = "overage"
	ByWaiver  Payer = "waiver"
)

// Part is what one payer pays: a quantity for ByUnits, an amount in the price's asset for the others. Negative parts are given back.
type Part struct {
	Payer  Payer
	LotID  string
	Amount decimal.Decimal
}

// Parts explains a rating, payer by payer in the order in which they pay. The parts but units add up to the amount.
func (r Result) Parts() []Part {
	var parts []Part
	add := func(payer Payer, lot string, amount decimal.Decimal) {
		if !amount.IsZero() {
			parts = append(parts, Part{Payer: payer, LotID: lot, Amount: amount})
		}
	}
	for _, d := range r.UnitDraws {
		add(ByUnits, d.LotID, d.Amount)
	}
	for _, d := range r.UnitReturned {
		add(ByUnits, d.LotID, d.Amount.Neg())
	}
	for _, d := range r.Draws {
		add(ByLot, d.LotID, d.Amount)
	}
	for _, d := range r.Returned {
		add(ByLot, d.LotID, d.Amount.Neg())
	}
	add(ByOverage, "", r.Overage)
	add(ByWaiver, "", r.Amount.Sub(r.Covered).Sub(r.Overage))
	return parts
}
