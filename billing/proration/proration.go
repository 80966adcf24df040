// Package proration owns how much of a period's price belongs to a part of the period.
//
// Invariants: time is counted in whole seconds of a half-open period; the parts of a price add up to the price, to the minor
// unit. It refuses to decide dates (calendar) and what becomes of a part (the caller).
package proration

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
)

// Unused is the part of a price, paid for the whole period, that belongs to the time from at to the period's end. An instant
// before the period leaves all of it, one at or after its end nothing. Source: policies.md, "plan change now" and "cancel".
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
