// Package proration owns how much of a period's price belongs to a part of the period.
//
// A part is a Share of the full period, counted in seconds of it, in local days (a start is included, an end is not: the day of a
// change belongs to the new terms, and the day of a cancellation counts as used), in thirtieths of a month, or not at all, where
// nothing is prorated. A stub is a share of the whole period that ends with it, or, if the caller says so, of the one that would
// begin with it. A share is an exact fraction; what it makes of a price is cut so late that rounding it once, which is for
// invoicing to do, rounds the exact value.
//
// A change credits the unused part of what was charged in advance, and charges the rest of the period at the new price; in arrears,
// or while nobody has seen the invoice, it charges each price for its own part. A credit is at most what was paid, less what was
// credited before. A pause is a change to nothing and a resumption one from nothing; an item that comes or goes is the same. A
// change of the interval keeps the grid of the old period unless it sets the anchor anew.
//
// Source: policies.md, "proration unit", "denominator of a short first period", "plan change now", "interval change", "pause and
// what was paid".
//
// Invariants: the shares of intervals that make up a period add up to one; a credit and a charge of one change together are no
// more than the full new price; a change to the same price is nothing; credits are at most what was paid. It refuses to decide
// dates (calendar), to round (invoicing), and what becomes of a part (the caller).
package proration

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
)

var one = decimal.NewFromInt(1)

// Unused is the part of a price, paid for the whole period, that belongs to the time from at to the period's end, in minor units:
// the part and its rest are the price. An instant before the period leaves all of it, one at or after its end nothing. Source:
// policies.md, "plan change now" and "cancel".
func Unused(price money.Amount, period calendar.Interval, at time.Time) decimal.Decimal {
	switch {
	case !at.After(period.Start):
		return price.Value
	case !at.Before(period.End):
		return decimal.Zero
	}
	unused, used := seconds(period.End.Sub(at)), seconds(at.Sub(period.Start))
	scale := int32(money.LedgerScale)
	if c, ok := money.Lookup(string(price.Asset)); ok {
		scale = c.Exponent
	}
	return money.Allocate(price.Value, []decimal.Decimal{unused, used}, scale)[0]
}

func seconds(d time.Duration) decimal.Decimal { return decimal.NewFromInt(int64(d / time.Second)) }
