package credit

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Op is what a step does.
type Op string

// The steps there are.
const (
	OpUse     Op = "use"     // Amount of usage, of a Feature and Meter, is paid from the lots in order
	OpCorrect Op = "correct" // the use Ref was Amount smaller
	OpGrant   Op = "grant"   // Grant is given at the instant, whenever it becomes effective
	OpTopUp   Op = "top_up"  // Amount is bought, or what Auto says
	OpVoid    Op = "void"    // what is left of Lot, or Amount of it; without Lot, Amount of all lots in order
	OpExpire  Op = "expire"  // what is left of Lot ends now
	OpRefund  Op = "refund"  // Amount of Lot is given back: the unspent part is voided, the rest becomes a receivable
	OpReset   Op = "reset"   // every lot keeps what its Rollover says; overage is dropped, or with PreserveOverage paid from what is kept
	OpHold    Op = "hold"    // Amount is measured and not yet settled: it lowers the ongoing balance and draws nothing
	OpRelease Op = "release" // the hold Ref ends
	OpCancel  Op = "cancel"  // lots that become effective at or after From (At if zero) never do; of the grant Lot, or of all
)

// Ops lists them all.
func Ops() []Op {
	return []Op{OpUse, OpCorrect, OpGrant, OpTopUp, OpVoid, OpExpire, OpRefund, OpReset, OpHold, OpRelease, OpCancel}
}

// Step is something that happens to the lots, At the instant at which it counts. Two steps with the same Key are the same step
// sent twice.
type Step struct {
	Name            string           `json:"name,omitempty"`
	Key             string           `json:"key,omitempty"`
	At              time.Time        `json:"at"`
	Op              Op               `json:"op"`
	Amount          *decimal.Decimal `json:"amount,omitempty"`
	Lot             string           `json:"lot,omitempty"`
	Ref             string           `json:"ref,omitempty"`
	Feature         string           `json:"feature,omitempty"`
	Meter           string           `json:"meter,omitempty"`
	Grant           *Grant           `json:"grant,omitempty"`
	Auto            *AutoTopUp       `json:"auto,omitempty"`
	PreserveOverage bool             `json:"preserve_overage,omitempty"`
	ExpiresAt       *time.Time       `json:"expires_at,omitempty"` // of what a top-up buys, or of what a reset keeps
	From            *time.Time       `json:"from,omitempty"`
}

// AutoTopUp buys credits when the ongoing balance (what the lots could pay, less holds, plus Arriving) is at or below Threshold: as many as
// bring it to Target.
type AutoTopUp struct {
	Threshold decimal.Decimal `json:"threshold"`
	Target    decimal.Decimal `json:"target"`
	Arriving  decimal.Decimal `json:"arriving"` // bought before and not here yet
}

// Amount is what is bought at an ongoing balance; zero if nothing is due.
func (a AutoTopUp) Amount(ongoing decimal.Decimal) decimal.Decimal {
	ongoing = ongoing.Add(a.Arriving)
	if ongoing.GreaterThan(a.Threshold) {
		return decimal.Zero
	}
	return decimal.Max(decimal.Zero, a.Target.Sub(ongoing))
}

// members are what a step must and may have, besides id, key, at and op.
type members struct{ must, may []string }

var fieldsOf = map[Op]members{
	OpUse:     {must: []string{"amount"}, may: []string{"feature", "meter"}},
	OpCorrect: {must: []string{"ref", "amount"}},
	OpGrant:   {must: []string{"grant"}},
	OpTopUp:   {may: []string{"amount", "auto", "expires_at"}},
	OpVoid:    {may: []string{"lot", "amount"}},
	OpExpire:  {must: []string{"lot"}},
	OpRefund:  {must: []string{"lot", "amount"}},
	OpReset:   {may: []string{"preserve_overage", "expires_at"}},
	OpHold:    {must: []string{"amount"}},
	OpRelease: {must: []string{"ref"}},
	OpCancel:  {may: []string{"lot", "from"}},
}

func (m members) wrong(at string, given []string) []fault.Field {
	var wrong []fault.Field
	for _, name := range m.must {
		if !slices.Contains(given, name) {
			wrong = append(wrong, fault.At(at+"/"+name, "required", "This step must say it.").Fields...)
		}
	}
	for _, name := range given {
		if !slices.Contains(m.must, name) && !slices.Contains(m.may, name) {
			wrong = append(wrong, fault.At(at+"/"+name, "field_not_allowed", "This step does not have it.").Fields...)
		}
	}
	return wrong
}

func (s Step) given() []string {
	var names []string
	for _, m := range []struct {
		name  string
		there bool
	}{
		{"amount", s.Amount != nil}, {"lot", s.Lot != ""}, {"ref", s.Ref != ""}, {"feature", s.Feature != ""}, {"meter", s.Meter != ""},
		{"grant", s.Grant != nil}, {"auto", s.Auto != nil}, {"preserve_overage", s.PreserveOverage},
		{"expires_at", s.ExpiresAt != nil}, {"from", s.From != nil},
	} {
		if m.there {
			names = append(names, m.name)
		}
	}
	return names
}

func (s Step) wrong(at string) []fault.Field {
	rule, known := fieldsOf[s.Op]
	if !known {
		return fault.At(at+"/op", "op_unknown", "There is no such step.").Fields
	}
	wrong := rule.wrong(at, s.given())
	if s.At.IsZero() {
		wrong = append(wrong, fault.At(at+"/at", "required", "A step must have an instant.").Fields...)
	}
	if s.Amount != nil && s.Amount.IsNegative() {
		wrong = append(wrong, fault.At(at+"/amount", CodeOutOfRange, "An amount cannot be negative; a use is made smaller by a correction.").Fields...)
	}
	if s.Op == OpTopUp && (s.Amount == nil) == (s.Auto == nil) {
		wrong = append(wrong, fault.At(at+"/amount", "required", "A top-up has an amount or auto, and not both.").Fields...)
	}
	if s.Op == OpVoid && s.Lot == "" && s.Amount == nil {
		wrong = append(wrong, fault.At(at+"/amount", "required", "A void names a lot, an amount, or both.").Fields...)
	}
	if s.Grant != nil {
		wrong = append(wrong, s.Grant.wrong(at+"/grant")...)
	}
	return wrong
}

// rank orders what happens at one instant. An instant belongs to the period it begins: a reset, an expiry, a new lot at it come
// before the usage of it. The rest keeps the order in which it was given.
func (s Step) rank() int {
	switch s.Op {
	case OpCancel:
		return rankCancel
	case OpReset:
		return rankReset
	case OpGrant, OpTopUp:
		return rankGrant
	default:
		return rankStep
	}
}

const (
	rankCancel = iota
	rankReset
	rankRoll
	rankExpire
	rankBegin
	rankGrant
	rankSettle
	rankStep
)
