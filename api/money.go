package api

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Money is an amount of one asset: an ISO 4217 currency, a credit type's code or unit:{meter}.
type Money struct {
	Amount   Decimal `json:"amount"`
	Currency string  `json:"currency" minLength:"1" maxLength:"80" pattern:"^([A-Z][A-Z0-9_]{0,31}|unit:[a-z][a-z0-9_.:-]{0,62})$" example:"EUR"`
}

// Cost is money before rounding: ratings are exact, with up to 20 decimals.
type Cost struct {
	Amount   Quantity `json:"amount"`
	Currency string   `json:"currency" example:"EUR"`
}

// value is what billing and store compute with.
func (m Money) value() money.Amount {
	return money.Amount{Value: m.Amount.Decimal, Asset: money.Asset(m.Currency)}
}

// moneyOf puts a ledger or invoice amount on the wire.
func moneyOf(a money.Amount) Money {
	return Money{Amount: Decimal{shown(a)}, Currency: string(a.Asset)}
}

// costOf puts an exact amount on the wire.
func costOf(a money.Amount) Cost {
	return Cost{Amount: Quantity{shown(a)}, Currency: string(a.Asset)}
}

// shown gives a value the scale at which its asset is written: at least the currency's own decimals.
func shown(a money.Amount) decimal.Decimal {
	v, err := decimal.NewFromString(a.Text())
	if err != nil {
		return a.Value // Text always parses; the value itself is never wrong, only less neat
	}
	return v
}
