// Package invoicing turns exact amounts into what is charged, paid and given back. It is the only caller of money.Round.
//
// # The one order
//
// Compute works in this order, and nothing is rounded twice:
//
//  1. Lines. Each is rounded once, half away from zero, to the currency's minor unit. Every total is a sum of rounded lines;
//     what rounding gave or took is carried as Rounding, so that the ledger can post it.
//  2. Discounts and coupons, one after the other, before tax: a percentage is of what the earlier ones left. They stop at zero,
//     and their shares go to the lines by largest remainder (money.Allocate).
//  3. The maximum takes what is above it off the lines; the minimum, or commitment, adds the difference as a line of its own:
//     what it counts is rounded first, so that both together hit it exactly.
//  4. Tax: per (category, rate) on the sum of rounded, discounted nets, rounded once and spread over the lines by largest
//     remainder; or once per line (RoundPerLine). An inclusive rate is taken out of the amount, and the net is the rest. Rates of
//     one line stack on the net; a compound one is of the net and the taxes listed before it. An exemption or a reverse charge is
//     a rate of zero with a reason.
//  5. A sum below zero is a total of zero and account credit. Credit notes of earlier invoices pay first, in order, then account
//     credit, tax included: never more than the total, and whole minor units.
//  6. What is due goes to the provider in its own integers; a total below its smallest charge is carried.
//
// # Giving back
//
// A credit note takes from lines, never more than a line or the invoice still has: a note that asks for more is rejected, with a
// code, and changes nothing. It gives back of each tax the part that the credited net is of the line's, rounded once per
// (category, rate) over the note, and keeps count per line, so that whatever parts a line is credited in, they come to exactly its
// net and its tax. Its total is offset against what is open, refunded, or becomes account credit. A refund follows the money: the
// lines' share of what was paid, beyond what they still charge.
//
// # Laws
//
// Σ line nets + Σ tax = sum; sum = total − what became account credit; total = credit notes + account credit + amount due; Σ of
// shares = the whole. No total is negative. The order of lines changes no total, save where a unit that belongs to none (of a
// discount, of a compounded tax) goes to the earlier of two equal lines that are taxed differently.
//
// It refuses an asset without a minor unit, and a draft with wrong fields, all of them at once. Total, for invoices of fees and
// usage alone, refuses a negative total. It knows no dates: which part of a period was used is a proration, and comes in as units.
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
