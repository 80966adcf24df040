package pricing

import "github.com/shopspring/decimal"

// flat is the same amount for any quantity above zero, once a period.
func (p Price) flat(quantity decimal.Decimal) []Line {
	if quantity.IsZero() && !p.FlatFeeAtZero {
		return nil
	}
	return []Line{{Kind: LineFlat, Quantity: quantity, FlatPart: p.Amount, Amount: p.Amount}}
}
