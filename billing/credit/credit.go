// Package credit decides which credit lot pays for a usage, and how much of it.
//
// It owns the burn order of policies.md and the meaning of a lot's window. A lot covers a usage by the time the usage
// happened, [EffectiveAt, ExpiresAt), never by the time either was heard of: usage before a lot became effective is
// not covered by it, and usage at the very instant of expiry is not either. Burning conserves: draws plus overage are
// the need, and no lot gives more than it has left. The package refuses to know statuses, holds, currencies or how a
// lot is stored: the caller passes the lots of one asset that may be used and writes the draws in the same
// transaction.
package credit

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Lot is one grant or purchase of credits, with what is left of it.
type Lot struct {
	ID          string          `json:"id"`
	Asset       money.Asset     `json:"asset"`
	Remaining   decimal.Decimal `json:"remaining"`
	Priority    int             `json:"priority"`
	Promotional bool            `json:"promotional"`
	EffectiveAt time.Time       `json:"effective_at"`
	ExpiresAt   *time.Time      `json:"expires_at"`
	GrantedAt   time.Time       `json:"granted_at"`
}

// Covers says whether the lot may pay for something that happened at this instant.
func (l Lot) Covers(at time.Time) bool {
	if !l.Remaining.IsPositive() || at.Before(l.EffectiveAt) {
		return false
	}
	return l.ExpiresAt == nil || at.Before(*l.ExpiresAt)
}

// Draw is what one lot pays; Amount is always positive.
type Draw struct {
	LotID  string          `json:"lot_id"`
	Amount decimal.Decimal `json:"amount"`
}

// Of keeps the lots of one asset, in the order given.
func Of(lots []Lot, asset money.Asset) []Lot {
	kept := make([]Lot, 0, len(lots))
	for _, l := range lots {
		if l.Asset == asset {
			kept = append(kept, l)
		}
	}
	return kept
}

// BurnOrder returns the lots in the order in which they pay: low priority number first, then the earliest expiry
// (never expiring last), promotional before paid, oldest grant, id. Ids are unique, so the order is total and does not
// depend on the order of the input, which is left alone.
func BurnOrder(lots []Lot) []Lot {
	ordered := slices.Clone(lots)
	slices.SortStableFunc(ordered, compare)
	return ordered
}

func compare(a, b Lot) int {
	return cmp.Or(
		cmp.Compare(a.Priority, b.Priority),
		compareExpiry(a.ExpiresAt, b.ExpiresAt),
		promotionalFirst(a.Promotional, b.Promotional),
		a.GrantedAt.Compare(b.GrantedAt),
		cmp.Compare(a.ID, b.ID),
	)
}

func compareExpiry(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}

func promotionalFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// Burn pays a need from the lots that cover the instant, in burn order, and returns what no lot could pay as overage.
// The lots must be of one asset (see Of). A need that is zero or negative draws nothing and leaves nothing over:
// returning credits is a correction with rules of its own, not a negative burn.
func Burn(need decimal.Decimal, lots []Lot, at time.Time) (draws []Draw, overage decimal.Decimal) {
	if !need.IsPositive() {
		return nil, decimal.Zero
	}
	overage = need
	for _, lot := range BurnOrder(lots) {
		if !overage.IsPositive() {
			break
		}
		if !lot.Covers(at) {
			continue
		}
		amount := decimal.Min(overage, lot.Remaining)
		draws = append(draws, Draw{LotID: lot.ID, Amount: amount})
		overage = overage.Sub(amount)
	}
	return draws, overage
}

// Spendable is what the lots could pay at an instant, before any hold is taken off. The lots must be of one asset.
func Spendable(lots []Lot, at time.Time) decimal.Decimal {
	sum := decimal.Zero
	for _, lot := range lots {
		if lot.Covers(at) {
			sum = sum.Add(lot.Remaining)
		}
	}
	return sum
}
