package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// AssignmentStatus is where a plan assignment is in its life.
type AssignmentStatus string

// Canceled means that it never began; what began has ended.
const (
	AssignmentPending   AssignmentStatus = "pending"
	AssignmentScheduled AssignmentStatus = "scheduled"
	AssignmentTrialing  AssignmentStatus = "trialing"
	AssignmentActive    AssignmentStatus = "active"
	AssignmentPaused    AssignmentStatus = "paused"
	AssignmentEnded     AssignmentStatus = "ended"
	AssignmentCanceled  AssignmentStatus = "canceled"
)

var assignmentMoves = map[AssignmentStatus][]AssignmentStatus{
	AssignmentPending:   {AssignmentScheduled, AssignmentTrialing, AssignmentActive, AssignmentCanceled},
	AssignmentScheduled: {AssignmentTrialing, AssignmentActive, AssignmentCanceled},
	AssignmentTrialing:  {AssignmentActive, AssignmentPaused, AssignmentEnded},
	AssignmentActive:    {AssignmentPaused, AssignmentEnded},
	AssignmentPaused:    {AssignmentActive, AssignmentEnded},
}

// CancelMode says when a cancellation takes effect.
type CancelMode string

// The default of a caller is the end of the period.
const (
	CancelNone      CancelMode = ""
	CancelNow       CancelMode = "now"
	CancelPeriodEnd CancelMode = "period_end"
)

// PlanAssignment puts a plan version on an account for [StartAt, EndAt).
type PlanAssignment struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Kind             PlanKind
	IsFree           bool
	PlanVersionID    uuid.UUID `gorm:"type:uuid"`
	SourceKind       string
	SourceRef        string
	Status           AssignmentStatus
	AnchorAt         time.Time
	Timezone         string
	StartAt          time.Time
	EndAt            *time.Time
	CancelMode       CancelMode
	Version          int64
	Times
}

// Anchor is the grid of the assignment's periods.
func (a PlanAssignment) Anchor(cadence calendar.Cadence) calendar.Anchor {
	return calendar.Anchor{At: a.AnchorAt, Zone: a.Timezone, Cadence: cadence}
}

// Activate begins the assignment.
func (a *PlanAssignment) Activate() error { return a.to(AssignmentActive) }

// End closes an assignment that had begun, or cancels one that had not.
func (a *PlanAssignment) End(at time.Time) error {
	to := AssignmentEnded
	if a.Status == AssignmentPending || a.Status == AssignmentScheduled {
		to = AssignmentCanceled
	}
	if err := a.to(to); err != nil {
		return err
	}
	a.EndAt = &at
	return nil
}

// ScheduleEnd notes a cancellation to come; the assignment goes on until then.
func (a *PlanAssignment) ScheduleEnd(mode CancelMode, at time.Time) error {
	if a.IsOver() {
		return fault.New(fault.Conflict, "state_conflict", "The plan assignment is %s.", a.Status)
	}
	a.CancelMode, a.EndAt = mode, &at
	a.Version++
	return nil
}

// IsOver reports a terminal status.
func (a PlanAssignment) IsOver() bool {
	return a.Status == AssignmentEnded || a.Status == AssignmentCanceled
}

func (a *PlanAssignment) to(s AssignmentStatus) error {
	if err := move("plan assignment", assignmentMoves, a.Status, s); err != nil {
		return err
	}
	a.Status = s
	a.Version++
	return nil
}

// AssignmentPhase says which plan version and quantity applied during [StartAt, EndAt).
type AssignmentPhase struct {
	Row
	AssignmentID     uuid.UUID `gorm:"type:uuid"`
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Kind             PlanKind
	PlanVersionID    uuid.UUID `gorm:"type:uuid"`
	Quantity         decimal.Decimal
	StartAt          time.Time
	EndAt            *time.Time
	Times
}

// Covers reports whether the phase applied at an instant.
func (p AssignmentPhase) Covers(at time.Time) bool {
	return !at.Before(p.StartAt) && (p.EndAt == nil || at.Before(*p.EndAt))
}
