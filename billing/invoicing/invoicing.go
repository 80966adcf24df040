// Package invoicing makes lines and totals.
//
// It owns the one rounding order: a line is rounded once, half away from zero, to the currency's minor unit, and every
// total is a sum of rounded lines. It is the only caller of money.Round. What rounding gave or took is carried as
// Rounding, so that the ledger can post it. Lines come out in one order, whatever order they came in. It refuses a
// currency without a known minor unit and a negative total, which would have to become account credit; taxes and
// discounts are not computed here yet, so Tax is zero.
package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// Kind says what a line charges for.
type Kind string

// A fee is agreed in the plan and paid in advance; usage is metered and paid in arrears.
const (
	KindFee   Kind = "fee"
	KindUsage Kind = "usage"
)

// Stable codes of what Total refuses.
const (
	CodeNegative = "negative_total"
	CodeCurrency = "currency_mismatch"
)

// Line is one position. Covered and Overage are in CoveredAsset, the asset of the price; Exact is what is due in the
// invoice currency before rounding, and Amount after it (filled by Total).
type Line struct {
	Kind         Kind              `json:"kind"`
	Description  string            `json:"description"`
	Period       calendar.Interval `json:"period"`
	Quantity     decimal.Decimal   `json:"quantity"`
	Unit         string            `json:"unit"`
	MeterCode    string            `json:"meter_code"`
	Covered      decimal.Decimal   `json:"covered"`
	CoveredAsset money.Asset       `json:"covered_asset"`
	Overage      decimal.Decimal   `json:"overage"`
	Exact        decimal.Decimal   `json:"exact"`
	Amount       decimal.Decimal   `json:"amount"`
}

// Invoice is lines and their totals in one currency. Rounding is the sum of the rounded lines less the sum of the exact.
type Invoice struct {
	Currency money.Asset     `json:"currency"`
	Lines    []Line          `json:"lines"`
	Subtotal decimal.Decimal `json:"subtotal"`
	Tax      decimal.Decimal `json:"tax"`
	Total    decimal.Decimal `json:"total"`
	Rounding decimal.Decimal `json:"rounding"`
}

// Total rounds each line once and adds the rounded lines up. The lines given are left alone.
func Total(currency money.Asset, lines []Line) (Invoice, error) {
	if !currency.IsCurrency() {
		return Invoice{}, fault.New(fault.Invalid, CodeCurrency, "An invoice cannot be made in %q.", currency)
	}
	inv := Invoice{Currency: currency, Lines: ordered(lines)}
	for i := range inv.Lines {
		line := &inv.Lines[i]
		line.Amount = money.Round(line.Exact, currency)
		inv.Subtotal = inv.Subtotal.Add(line.Amount)
		inv.Rounding = inv.Rounding.Add(line.Amount.Sub(line.Exact))
	}
	inv.Total = inv.Subtotal.Add(inv.Tax)
	if inv.Total.IsNegative() {
		return Invoice{}, fault.New(fault.Conflict, CodeNegative, "The invoice would come to %s %s.", inv.Total, currency)
	}
	return inv, nil
}

// Fee is the line of an agreed amount for one period.
func Fee(description string, period calendar.Interval, amount decimal.Decimal) Line {
	return Line{Kind: KindFee, Description: description, Period: period, Quantity: decimal.NewFromInt(1), Exact: amount}
}
