package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

// Priced is a computed price and what it comes to as money. Rounding is Amount less the exact amount.
type Priced struct {
	pricing.Result
	Rounded       []decimal.Decimal // one for each charge
	Amount        decimal.Decimal
	Rounding      decimal.Decimal
	ProviderMinor *int64 // nil if the payment provider has no such amount
}

// Price computes a price and rounds it once. The charges of one usage are rounded as differences of their rounded running
// total, so that they add up to the rounded amount: what is made up to a minimum meets it exactly, whatever the usage was.
func Price(r pricing.Request) (Priced, error) {
	result, err := pricing.Compute(r)
	if err != nil {
		return Priced{}, err
	}
	out := Priced{Result: result}
	running := decimal.Zero
	for _, c := range result.Charges {
		running = running.Add(c.Amount)
		rounded := money.Round(running, r.Asset)
		out.Rounded = append(out.Rounded, rounded.Sub(out.Amount))
		out.Amount = rounded
	}
	out.Rounding = out.Amount.Sub(result.Amount)
	if minor, err := money.ToMinor(money.Amount{Value: out.Amount, Asset: r.Asset}); err == nil {
		out.ProviderMinor = &minor
	}
	return out, nil
}
