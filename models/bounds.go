package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// SafetyBounds are what no account's billing goes beyond without a person's word. They are far from anything ordinary: they
// are there for the defect nobody has thought of. A zero field has its default.
type SafetyBounds struct {
	LinesPerDay  int             `json:"lines_per_day,omitempty"` // invoice lines of an account whose boundaries lie within a day
	TotalTimes   decimal.Decimal `json:"total_times,omitzero"`    // an invoice's total, as a multiple of the average of those before it
	TotalHistory int             `json:"total_history,omitempty"` // invoices that make an average
	TotalFloor   int64           `json:"total_floor,omitempty"`   // in minor units: a total up to this is never too much
	GrantTimes   decimal.Decimal `json:"grant_times,omitzero"`    // what a plan's rules give in a period, as a multiple of what they say
}

// Or fills what a realm does not say.
func (b SafetyBounds) Or(d SafetyBounds) SafetyBounds {
	if b.LinesPerDay == 0 {
		b.LinesPerDay = d.LinesPerDay
	}
	if b.TotalTimes.IsZero() {
		b.TotalTimes = d.TotalTimes
	}
	if b.TotalHistory == 0 {
		b.TotalHistory = d.TotalHistory
	}
	if b.TotalFloor == 0 {
		b.TotalFloor = d.TotalFloor
	}
	if b.GrantTimes.IsZero() {
		b.GrantTimes = d.GrantTimes
	}
	return b
}

// DefaultBounds hold for a realm that says nothing else.
func DefaultBounds() SafetyBounds {
	return SafetyBounds{LinesPerDay: 500, TotalTimes: decimal.NewFromInt(5), TotalHistory: 3, TotalFloor: 10_000, GrantTimes: decimal.New(101, -2)}
}

// SafetyBound names what was gone beyond.
type SafetyBound string

// The bounds that are watched. That a rule gives one lot in a period needs none: a unique key sees to it.
const (
	BoundLines SafetyBound = "invoice_lines"
	BoundTotal SafetyBound = "invoice_total"
	BoundGrant SafetyBound = "grant_total"
)

// SafetyBreach is a decision that was not made because it went beyond a bound. Once a person has accepted it, the same
// decision passes with that value, or a smaller one.
type SafetyBreach struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Bound            SafetyBound
	Subject          string
	Value            decimal.Decimal
	BoundLimit       decimal.Decimal
	AcceptedBy       string
	AcceptedAt       *time.Time
	Times
}
