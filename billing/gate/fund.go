package gate

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
)

// merged adds up the entries of one meter and sorts by meter. They share one price and one counter, so pricing them
// apart would give the free units or the first tier twice.
func merged(meters []MeterQuantity) []MeterQuantity {
	sorted := slices.Clone(meters)
	slices.SortStableFunc(sorted, func(a, b MeterQuantity) int { return cmp.Compare(a.MeterCode, b.MeterCode) })
	var sums []MeterQuantity
	for _, m := range sorted {
		if n := len(sums); n > 0 && sums[n-1].MeterCode == m.MeterCode {
			sums[n-1].Quantity = sums[n-1].Quantity.Add(m.Quantity)
			continue
		}
		sums = append(sums, m)
	}
	return sums
}

// price estimates the quantities, added up per asset and without zeros. A meter that cannot be priced gives a hint.
func price(meters []MeterQuantity, prices map[string]PricedMeter) (sums []money.Amount, unpriced []Hint) {
	for _, m := range meters {
		priced, known := prices[m.MeterCode]
		if !known {
			unpriced = append(unpriced, meterHint(ReasonNotConfigured, m.MeterCode))
			continue
		}
		value, err := priced.Price.Delta(priced.Before, m.Quantity)
		if err != nil {
			unpriced = append(unpriced, meterHint(ReasonNotConfigured, m.MeterCode))
			continue
		}
		sums = plus(sums, money.Amount{Value: value, Asset: priced.Asset})
	}
	slices.SortFunc(sums, func(a, b money.Amount) int { return cmp.Compare(a.Asset, b.Asset) })
	return sums, unpriced
}

func plus(sums []money.Amount, a money.Amount) []money.Amount {
	if a.Value.IsZero() {
		return sums
	}
	for i := range sums {
		if sums[i].Asset == a.Asset {
			sums[i].Value = sums[i].Value.Add(a.Value)
			return sums
		}
	}
	return append(sums, a)
}

// fund decides the holds, or which assets fall short. Overage that is invoiced is never short: what the lots cannot
// hold is billed later.
func fund(now time.Time, estimate []money.Amount, state State) (holds []money.Amount, shortfalls []Hint) {
	for _, need := range estimate {
		free := decimal.Max(decimal.Zero, credit.Spendable(credit.Of(state.Lots, need.Asset), now).Sub(state.Held[need.Asset]))
		hold := need.Value
		switch {
		case state.OverageMode == OverageInvoice && need.Asset.IsCurrency():
			continue
		case state.OverageMode == OverageInvoice:
			hold = decimal.Min(need.Value, free)
		case need.Value.GreaterThan(free):
			shortfalls = append(shortfalls, shortfall(need, free))
		}
		if hold.IsPositive() {
			holds = append(holds, money.Amount{Value: hold, Asset: need.Asset})
		}
	}
	return holds, shortfalls
}

func shortfall(need money.Amount, available decimal.Decimal) Hint {
	return Hint{Type: HintFundingShortfall, Detail: details[ReasonShortfall], Data: map[string]string{
		"needed": need.Value.String(), "available": available.String(), "currency": string(need.Asset)}}
}
