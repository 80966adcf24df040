// Package credit decides which credit lot pays for a usage, how much of it, and what becomes of a lot over time.
//
// # Lots
//
// A lot is one grant or purchase of credits. It covers a usage by the time the usage happened, [EffectiveAt, ExpiresAt), never by
// the time either was heard of: usage before a lot became effective is not covered by it, and usage at the very instant of expiry
// is not either. A lot may be limited to features and meters (Scope).
//
// # Who pays first
//
// An Order is a list of ranks, each deciding where the ones before tie; the id decides last, so an order is total and the same
// lots pay in the same order however they are listed. Standard is the order of policies.md: priority, earliest expiry, promotional
// before paid, oldest grant, id. Burn draws in that order and conserves: draws plus overage are the need, and no lot gives more
// than it has left.
//
// # What becomes of a lot
//
// Replay plays grants and steps by the time they count and keeps for every lot, after every step,
//
//	granted = remaining + used + expired + voided + lapsed
//
// Expired is what was left at the expiry, and what a correction gives back after it: an expired lot's part is forfeited. Voided is
// what a void or a refund took; what was used before stays used. Lapsed is what a reset or a recurrence did not carry over. Void and
// expiry happen once: a second void, or an expiry after a void, finds nothing. A correction gives back what was used last first: the
// overage, then the lots in reverse. Overage before a grant is not back-filled by it (Keep); under Carry later credit pays it, and
// under Refuse a use that cannot be paid in whole draws nothing.
//
// The package refuses to round and to know statuses of rows, currencies or how a lot is stored: the caller passes the lots of one
// asset that may be used and writes the draws in the same transaction. It never asks what time it is.
package credit

import (
	"iter"
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
	Scope       Scope           `json:"scope,omitzero"`
	EffectiveAt time.Time       `json:"effective_at"`
	ExpiresAt   *time.Time      `json:"expires_at"`
	GrantedAt   time.Time       `json:"granted_at"`
}

// Covers says whether the lot may pay for something that happened at this instant.
func (l Lot) Covers(at time.Time) bool { return l.covers(at) }

func (l *Lot) covers(at time.Time) bool {
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

// BurnOrder returns the lots in the Standard order.
func BurnOrder(lots []Lot) []Lot { return Standard().Sort(lots) }

// Burn pays a need from the lots that cover the instant, in the Standard order, and returns what no lot could pay as overage.
// The lots must be of one asset (see Of). A need that is zero or negative draws nothing and leaves nothing over:
// returning credits is a correction with rules of its own (Return), not a negative burn.
func Burn(need decimal.Decimal, lots []Lot, at time.Time) (draws []Draw, overage decimal.Decimal) {
	return Standard().Burn(need, lots, Usage{At: at})
}

// Burn is the package's Burn in this order, for a usage that scopes may exclude.
func (o Order) Burn(need decimal.Decimal, lots []Lot, usage Usage) (draws []Draw, overage decimal.Decimal) {
	if !need.IsPositive() {
		return nil, decimal.Zero
	}
	ordered := o.Sort(lots)
	return drain(need, func(yield func(*Lot) bool) {
		for i := range ordered {
			if !yield(&ordered[i]) {
				return
			}
		}
	}, usage)
}

// drain takes a positive need from lots that come in the order in which they pay. It changes none of them.
func drain(need decimal.Decimal, ordered iter.Seq[*Lot], usage Usage) (draws []Draw, overage decimal.Decimal) {
	overage = need
	for lot := range ordered {
		if !lot.covers(usage.At) || !lot.Scope.Allows(usage) {
			continue
		}
		amount := decimal.Min(overage, lot.Remaining)
		draws = append(draws, Draw{LotID: lot.ID, Amount: amount})
		if overage = overage.Sub(amount); !overage.IsPositive() {
			break
		}
	}
	return draws, overage
}

// Return takes an amount back from draws, last drawn first, as a correction of the usage does: what it gives back, in that order,
// what the draws are then, and what of the amount the draws never held.
func Return(draws []Draw, amount decimal.Decimal) (back, kept []Draw, rest decimal.Decimal) {
	rest = decimal.Max(amount, decimal.Zero)
	n := len(draws)
	for n > 0 && draws[n-1].Amount.LessThanOrEqual(rest) && rest.IsPositive() {
		n--
		back, rest = append(back, draws[n]), rest.Sub(draws[n].Amount)
	}
	kept = append(kept, draws[:n]...)
	if n > 0 && rest.IsPositive() {
		back = append(back, Draw{LotID: draws[n-1].LotID, Amount: rest})
		kept[n-1].Amount, rest = kept[n-1].Amount.Sub(rest), decimal.Zero
	}
	return back, kept, rest
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
