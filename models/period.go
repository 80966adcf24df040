package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
)

// PeriodStatus is where a billing period is on its way to being closed for good.
type PeriodStatus string

// Grace still takes late usage, frozen takes none, closed is never edited.
const (
	PeriodOpen   PeriodStatus = "open"
	PeriodGrace  PeriodStatus = "grace"
	PeriodFrozen PeriodStatus = "frozen"
	PeriodClosed PeriodStatus = "closed"
)

// BillingPeriod is one period [StartAt, EndAt) of one assignment.
type BillingPeriod struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	AssignmentID     uuid.UUID `gorm:"type:uuid"`
	PlanVersionID    uuid.UUID `gorm:"type:uuid"`
	PeriodIndex      int
	StartAt          time.Time
	EndAt            time.Time
	GraceUntil       time.Time
	Status           PeriodStatus
	Fee              decimal.Decimal // billed in advance, recognised as revenue at the close
	FeeCurrency      money.Asset
	ClosedAt         *time.Time
	Times
}

// Interval is the period's span.
func (p BillingPeriod) Interval() calendar.Interval {
	return calendar.Interval{Start: p.StartAt, End: p.EndAt}
}

var periodMoves = map[PeriodStatus][]PeriodStatus{
	PeriodOpen:   {PeriodGrace, PeriodFrozen},
	PeriodGrace:  {PeriodFrozen},
	PeriodFrozen: {PeriodClosed},
}

// Freeze stops the period from taking usage.
func (p *BillingPeriod) Freeze() error { return p.to(PeriodFrozen) }

// Close ends the period at its business instant.
func (p *BillingPeriod) Close(at time.Time) error {
	if err := p.to(PeriodClosed); err != nil {
		return err
	}
	p.ClosedAt = &at
	return nil
}

// EnterGrace marks that the period is over and only late usage is awaited.
func (p *BillingPeriod) EnterGrace() error { return p.to(PeriodGrace) }

func (p *BillingPeriod) to(s PeriodStatus) error {
	if err := move("billing period", periodMoves, p.Status, s); err != nil {
		return err
	}
	p.Status = s
	return nil
}
