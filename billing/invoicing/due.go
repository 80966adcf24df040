package invoicing

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// CreditUsed is how much of the account credit that is there an invoice takes: never more than its total, and whole minor
// units only, since what is left must be an amount that can be paid. A fraction of a unit waits for the rest of it.
func CreditUsed(currency money.Asset, total, available decimal.Decimal) decimal.Decimal {
	c, known := money.Lookup(string(currency))
	if !known || !available.IsPositive() || !total.IsPositive() {
		return decimal.Zero
	}
	return decimal.Min(total, available.Truncate(c.Exponent))
}

// dunning is when a declined invoice is tried again, counted from its first decline, so that a late try moves no other.
var dunning = [...]time.Duration{3 * day, 5 * day, 7 * day}

const day = 24 * time.Hour

// NextAttempt gives when a declined invoice is tried again after so many attempts; ok is false when it has been tried
// for the last time. However late the latest decline was, a day passes before the next: issuers punish a hammered card.
func NextAttempt(attempts int, first, latest time.Time) (at time.Time, ok bool) {
	if attempts < 1 || attempts > len(dunning) {
		return time.Time{}, false
	}
	at = first.Add(dunning[attempts-1])
	if soonest := latest.Add(day); at.Before(soonest) {
		at = soonest
	}
	return at, true
}
