package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// LotStatus is what a lot of credits may be used for.
type LotStatus string

// A scheduled lot begins by itself at EffectiveAt; pending waits for a payment; frozen for a dispute.
const (
	LotScheduled LotStatus = "scheduled"
	LotPending   LotStatus = "pending"
	LotActive    LotStatus = "active"
	LotFrozen    LotStatus = "frozen"
	LotExhausted LotStatus = "exhausted"
	LotExpired   LotStatus = "expired"
	LotVoided    LotStatus = "voided"
)

var lotMoves = map[LotStatus][]LotStatus{
	LotScheduled: {LotActive, LotVoided},
	LotPending:   {LotActive, LotVoided},
	LotActive:    {LotFrozen, LotExhausted, LotExpired, LotVoided},
	LotFrozen:    {LotActive, LotExpired, LotVoided},
	LotExhausted: {LotActive, LotExpired}, // a correction gives back what was taken
}

// LotSource is where a lot came from.
type LotSource string

// Plan lots recur, purchases were paid for, grants were given.
const (
	LotFromPlan     LotSource = "plan"
	LotFromPurchase LotSource = "purchase"
	LotFromGrant    LotSource = "grant"
)

// CreditLot is an amount of one asset with a beginning, an end and a rank; issued = remaining + consumed + expired + voided.
type CreditLot struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Asset            money.Asset
	SourceKind       LotSource
	SourceRef        string
	AssignmentID     *uuid.UUID `gorm:"type:uuid"`
	Rule             string
	PeriodIndex      *int
	Issued           decimal.Decimal
	Remaining        decimal.Decimal
	Consumed         decimal.Decimal
	Expired          decimal.Decimal
	Voided           decimal.Decimal
	Cost             decimal.Decimal // what was paid for the whole lot
	CostCurrency     money.Asset
	Priority         int
	Promotional      bool
	Status           LotStatus
	Posted           bool // its issuance is in the ledger
	ExpiresAt        *time.Time
	GrantedAt        time.Time
	Times
}

// Covers says whether the lot may pay for usage at the instant.
func (l CreditLot) Covers(at time.Time) bool {
	return (l.Status == LotScheduled || l.Status == LotActive) && l.Remaining.IsPositive() && !l.EffectiveAt.After(at) &&
		(l.ExpiresAt == nil || l.ExpiresAt.After(at))
}

// Value is the lot as the burn order sees it.
func (l CreditLot) Value() credit.Lot {
	return credit.Lot{ID: l.ID.String(), Asset: l.Asset, Remaining: l.Remaining, Priority: l.Priority, Promotional: l.Promotional,
		EffectiveAt: l.EffectiveAt, ExpiresAt: l.ExpiresAt, GrantedAt: l.GrantedAt}
}

// Activate lets the lot be used.
func (l *CreditLot) Activate() error { return l.to(LotActive) }

// Consume takes a part of what is left.
func (l *CreditLot) Consume(amount decimal.Decimal) error {
	if amount.GreaterThan(l.Remaining) {
		return fault.New(fault.Internal, "internal", "a draw exceeds what is left of its lot")
	}
	l.Remaining, l.Consumed = l.Remaining.Sub(amount), l.Consumed.Add(amount)
	if l.Remaining.IsZero() {
		return l.to(LotExhausted)
	}
	return nil
}

// Expire takes what is left; it returns that amount.
func (l *CreditLot) Expire() (decimal.Decimal, error) {
	if err := l.to(LotExpired); err != nil {
		return decimal.Zero, err
	}
	left := l.Remaining
	l.Expired, l.Remaining = l.Expired.Add(left), decimal.Zero
	return left, nil
}

// Void takes back what is left of a lot; it returns that amount.
func (l *CreditLot) Void() (decimal.Decimal, error) {
	if err := l.to(LotVoided); err != nil {
		return decimal.Zero, err
	}
	left := l.Remaining
	l.Voided, l.Remaining = l.Voided.Add(left), decimal.Zero
	return left, nil
}

func (l *CreditLot) to(s LotStatus) error {
	if err := move("credit lot", lotMoves, l.Status, s); err != nil {
		return err
	}
	l.Status = s
	return nil
}
