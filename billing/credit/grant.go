package credit

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// Grant is a lot to be, or with a Recurrence a rule that makes credit again and again.
type Grant struct {
	Name        string // of its lot
	Amount      decimal.Decimal
	Priority    int
	Promotional bool
	Scope       Scope
	EffectiveAt time.Time
	GrantedAt   time.Time // EffectiveAt if zero
	// ExpiresAt is exclusive. ExpiresAfter counts it on the calendar from GrantedAt instead, in Zone (UTC if empty): a month after
	// 31 January is the end of February.
	ExpiresAt    *time.Time
	ExpiresAfter *calendar.Cadence
	Zone         string
	// Opening is what is left of it when the replay starts, if it was effective before; a lot that becomes effective later begins in full.
	Opening    *decimal.Decimal
	Rollover   *Rollover
	Recurrence *Recurrence
}

// Rollover says what of a lot survives a reset: at least Min, even if it has to be topped up, and at most Max; without Max, all. A
// grant without a Rollover loses what is left.
type Rollover struct {
	Min decimal.Decimal
	Max *decimal.Decimal
}

// Keeps gives what is left of a lot after a reset.
func (r *Rollover) Keeps(remaining decimal.Decimal) decimal.Decimal {
	if r == nil {
		return decimal.Zero
	}
	kept := decimal.Max(r.Min, remaining)
	if r.Max != nil {
		kept = decimal.Min(*r.Max, kept)
	}
	return kept
}

// Mode says what a recurrence makes.
type Mode string

// Refill sets the one lot back to its full amount: nothing accumulates. NewLot makes a lot for each period, which ends with it; the
// rest of the one before passes into the next period by the grant's Rollover, with its rank and a new expiry.
const (
	Refill Mode = "refill"
	NewLot Mode = "new_lot"
)

// Recurrence says when a grant comes again: at every boundary of the anchor after EffectiveAt and before the grant's expiry.
type Recurrence struct {
	Anchor calendar.Anchor
	Mode   Mode
}

// expiry is the instant at which the grant ends, nil for never.
func (g Grant) expiry() (*time.Time, error) {
	if g.ExpiresAfter == nil {
		return g.ExpiresAt, nil
	}
	zone := g.Zone
	if zone == "" {
		zone = "UTC"
	}
	at, err := calendar.Anchor{At: g.GrantedAt, Zone: zone, Cadence: *g.ExpiresAfter}.Boundary(1)
	if err != nil {
		return nil, err
	}
	return &at, nil
}

func (g Grant) wrong(at string) []fault.Field {
	var wrong []fault.Field
	if g.Name == "" {
		wrong = append(wrong, fault.At(at+"/name", "required", "A grant must have a name.").Fields...)
	}
	if g.Amount.IsNegative() {
		wrong = append(wrong, fault.At(at+"/amount", CodeOutOfRange, "A grant cannot be negative.").Fields...)
	}
	if g.EffectiveAt.IsZero() {
		wrong = append(wrong, fault.At(at+"/effective_at", "required", "A grant must say from when on it counts.").Fields...)
	}
	if g.ExpiresAt != nil && g.ExpiresAfter != nil {
		wrong = append(wrong, fault.At(at+"/expires_after", "field_not_allowed", "A grant has expires_at or expires_after, not both.").Fields...)
	}
	if g.Opening != nil && (g.Opening.IsNegative() || g.Opening.GreaterThan(g.Amount)) {
		wrong = append(wrong, fault.At(at+"/opening", CodeOutOfRange, "What is left of a grant lies between 0 and its amount.").Fields...)
	}
	if r := g.Rollover; r != nil && (r.Min.IsNegative() || r.Max != nil && r.Max.LessThan(r.Min)) {
		wrong = append(wrong, fault.At(at+"/rollover", CodeOutOfRange, "A rollover has 0 ≤ min ≤ max.").Fields...)
	}
	if g.Recurrence != nil {
		wrong = append(wrong, g.wrongRecurrence(at)...)
	}
	if g.ExpiresAfter != nil {
		wrong = append(wrong, nested(at+"/expires_after", g.ExpiresAfter.Validate())...)
	}
	return wrong
}

func (g Grant) wrongRecurrence(at string) []fault.Field {
	wrong := nested(at+"/recurrence", g.Recurrence.Anchor.Validate())
	mode := g.Recurrence.Mode
	if mode != Refill && mode != NewLot {
		wrong = append(wrong, fault.At(at+"/recurrence/mode", "mode_unknown", "A recurrence refills its lot or makes a new one.").Fields...)
	}
	if mode == NewLot && g.Rollover != nil && g.Rollover.Min.IsPositive() {
		wrong = append(wrong, fault.At(at+"/rollover/min", "field_not_allowed", "A lot that ends with its period is not topped up.").Fields...)
	}
	return wrong
}

func index(at string, i int) string { return fmt.Sprintf("%s/%d", at, i) }

// nested re-roots the fields of a part's refusal.
func nested(at string, err error) []fault.Field {
	if err == nil {
		return nil
	}
	f := fault.Of(err)
	if len(f.Fields) == 0 {
		return fault.At(at, CodeOutOfRange, f.Detail).Fields
	}
	out := slices.Clone(f.Fields)
	for i := range out {
		out[i].Pointer = at + out[i].Pointer
	}
	return out
}

func invalid(wrong []fault.Field) error {
	if len(wrong) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "validation_failed", "The request has invalid fields.")
	f.Fields = wrong
	return f
}
