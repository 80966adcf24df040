package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/models"
)

// TurnKind is what an assignment does next.
type TurnKind string

// A start opens period 0, a turn closes one period and opens the next, an end closes the last.
const (
	TurnStart TurnKind = "start"
	TurnNext  TurnKind = "turn"
	TurnEnd   TurnKind = "end"
	TurnOver  TurnKind = "over"
)

// Turn is the next thing in an assignment's life and the instant it is due.
type Turn struct {
	Kind   TurnKind
	DueAt  time.Time
	Index  int    // of the period that begins
	Title  string // account, plan and period, for a person
	Status string
}

// NextTurn reads what comes next. The workflow that asks has taken the assignment over, so operations that only waited for
// that are done.
func (s *Store) NextTurn(ctx context.Context, call Call, assignment uuid.UUID) (Turn, error) {
	var turn Turn
	err := s.within(ctx, call, func(t *tx) error {
		a, account, now, err := t.lockAssignment(assignment, t.lockAccount)
		if err != nil {
			return err
		}
		if turn, err = t.nextTurn(a); err != nil {
			return err
		}
		if account.Status == models.AccountClosed {
			turn = Turn{Kind: TurnOver, Status: string(account.Status)}
		}
		if turn.Title, err = t.title(account, a); err != nil {
			return err
		}
		if a.CancelMode == models.CancelNow && !a.IsOver() {
			return nil
		}
		return t.finishOperations(assignment, now)
	})
	return turn, err
}

func (t *tx) nextTurn(a models.PlanAssignment) (Turn, error) {
	turn := Turn{Kind: TurnOver, Status: string(a.Status)}
	if a.IsOver() {
		return turn, nil
	}
	if a.Status == models.AssignmentScheduled {
		if a.EndAt != nil && !a.EndAt.After(a.StartAt) {
			// It never applied, so there is nothing to wait for.
			return Turn{Kind: TurnEnd, DueAt: a.RecordedAt, Status: turn.Status}, nil
		}
		return Turn{Kind: TurnStart, DueAt: a.StartAt, Status: turn.Status}, nil
	}
	last, err := t.lastPeriod(a.ID)
	if err != nil {
		return turn, err
	}
	if a.EndAt != nil && !a.EndAt.After(last.EndAt) {
		return Turn{Kind: TurnEnd, DueAt: *a.EndAt, Status: turn.Status}, nil
	}
	return Turn{Kind: TurnNext, DueAt: last.EndAt, Index: last.PeriodIndex + 1, Status: turn.Status}, nil
}

func (t *tx) lastPeriod(assignment uuid.UUID) (models.BillingPeriod, error) {
	var p models.BillingPeriod
	err := t.Where("assignment_id = ?", assignment).Order("period_index DESC").Limit(1).Take(&p).Error
	return p, err
}

func (t *tx) finishOperations(resource uuid.UUID, now time.Time) error {
	var open []models.Operation
	if err := t.Where("resource_id = ? AND status = ?", resource, models.OperationRunning).Find(&open).Error; err != nil {
		return err
	}
	for i := range open {
		if err := open[i].Finish(models.OperationSucceeded, now); err != nil {
			return err
		}
		if err := t.Save(&open[i]).Error; err != nil {
			return err
		}
	}
	return nil
}

// TakeTurn does what NextTurn named, once: a turn that has been taken already changes nothing, and neither does one whose
// instant has gone back into the future, since whoever asks reads its next turn again.
func (s *Store) TakeTurn(ctx context.Context, call Call, assignment uuid.UUID, turn Turn) error {
	return s.working(ctx, call, func(t *tx) error {
		a, account, now, err := t.lockAssignment(assignment, t.lockWorking)
		if err != nil {
			return err
		}
		due, err := t.nextTurn(a)
		if err != nil || due.Kind != turn.Kind || due.Index != turn.Index || !due.DueAt.Equal(turn.DueAt) || now.Before(due.DueAt) {
			return err
		}
		return t.takeTurn(account, a, due, now)
	})
}

func (t *tx) takeTurn(account models.BillingAccount, a models.PlanAssignment, turn Turn, now time.Time) error {
	switch turn.Kind {
	case TurnStart:
		if err := a.Activate(); err != nil {
			return err
		}
		if err := t.Save(&a).Error; err != nil {
			return err
		}
		return t.openPeriod(account, a, 0, now)
	case TurnNext:
		if err := t.leavePeriod(a.ID); err != nil {
			return err
		}
		return t.openPeriod(account, a, turn.Index, now)
	case TurnEnd:
		return t.endAssignment(account, a, *a.EndAt, now)
	case TurnOver:
	}
	return nil
}

// openPeriod begins period k and sends for the billing run of its first instant.
func (t *tx) openPeriod(account models.BillingAccount, a models.PlanAssignment, k int, now time.Time) error {
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return err
	}
	span, err := a.Anchor(v.Terms.Cadence).Period(k)
	if err != nil {
		return err
	}
	p := models.BillingPeriod{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()},
		BillingAccountID: account.ID, AssignmentID: a.ID, PlanVersionID: v.ID, PeriodIndex: k, StartAt: span.Start, EndAt: span.End,
		GraceUntil: span.End.Add(v.Terms.Grace()), Status: models.PeriodOpen, Times: models.Times{EffectiveAt: span.Start, RecordedAt: now}}
	if v.Terms.Fee != nil {
		p.Fee, p.FeeCurrency = v.Terms.Fee.Amount, v.Terms.Fee.Currency
	}
	if err := t.Create(&p).Error; err != nil {
		return err
	}
	return t.send(t.startRun(account, span.Start), now)
}

// leavePeriod ends the last period's own time; its late usage is still awaited.
func (t *tx) leavePeriod(assignment uuid.UUID) error {
	p, err := t.lastPeriod(assignment)
	if err != nil || p.Status != models.PeriodOpen {
		return err
	}
	if err := p.EnterGrace(); err != nil {
		return err
	}
	return t.Save(&p).Error
}

// title names account, plan and present period, as a person looks for them.
func (t *tx) title(account models.BillingAccount, a models.PlanAssignment) (string, error) {
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return "", err
	}
	plan, err := find[models.Plan](t, v.PlanID)
	if err != nil {
		return "", err
	}
	title := fmt.Sprintf("account %s (%s) · plan %s v%d", account.PrincipalID, wire(account.ID), plan.Code, v.Number)
	last, err := t.lastPeriod(a.ID)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return title, nil
	}
	return title + fmt.Sprintf(" · period %d %s", last.PeriodIndex, last.Interval()), err
}
