package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// CreateClock makes a test clock that stands at now. Only a realm of mode test may have one.
func (s *Store) CreateClock(ctx context.Context, call Call, name string, now time.Time) (models.TestClock, error) {
	return decide(ctx, s, call, func(t *tx) (models.TestClock, error) {
		c := models.TestClock{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, Name: name, NowAt: now, TargetAt: now,
			Status: models.ClockReady, BlockedOn: []string{}, Version: 1, Times: models.At(now)}
		var realm models.Realm
		if err := t.Where("id = ?", call.Realm).Take(&realm).Error; err != nil {
			return c, err
		}
		if realm.Mode != models.Test {
			return c, fault.New(fault.Conflict, "state_conflict", "Test clocks exist only in realms of mode test.")
		}
		if err := t.Create(&c).Error; err != nil {
			return c, err
		}
		return c, t.audit("test_clock.create", object{kind: "test_clock", prefix: keys.TestClock, id: c.ID}, nil, c, now)
	})
}

// FindClock reads one clock.
func (s *Store) FindClock(ctx context.Context, call Call, id uuid.UUID) (models.TestClock, error) {
	return get[models.TestClock](ctx, s, call, id)
}

// ListClocks reads a page of clocks, by name when one is given.
func (s *Store) ListClocks(ctx context.Context, call Call, page Page, name string) ([]models.TestClock, bool, error) {
	return list[models.TestClock](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = q.Where("status <> ?", models.ClockDeleted)
		if name != "" {
			q = q.Where("name = ?", name)
		}
		return q
	})
}

// AdvanceClock asks the clock's workflow to move to target. Time only moves forward.
func (s *Store) AdvanceClock(ctx context.Context, call Call, id uuid.UUID, target time.Time) (models.TestClock, error) {
	return decide(ctx, s, call, func(t *tx) (models.TestClock, error) {
		c, err := lock[models.TestClock](t, id)
		if err != nil {
			return c, err
		}
		if err := matches(call.Match, c.Version); err != nil {
			return c, err
		}
		if target.Before(c.NowAt) {
			return c, fault.At("/target", "window_invalid", "The clock stands at %s and only moves forward.", c.NowAt.Format(time.RFC3339))
		}
		before := c
		if err := c.To(models.ClockAdvancing); err != nil {
			return c, err
		}
		c.TargetAt, c.BlockedOn = target, []string{}
		if err := t.Save(&c).Error; err != nil {
			return c, err
		}
		if err := t.audit("test_clock.advance", object{kind: "test_clock", prefix: keys.TestClock, id: id}, before, c, c.NowAt); err != nil {
			return c, err
		}
		return c, t.send(t.startClock(c), c.NowAt)
	})
}

// ClockStep is what one step of an advance did.
type ClockStep struct {
	Done     bool  // the target is reached and nothing was due on the way
	Version  int64 // of the clock in this advance
	Now      time.Time
	Released []string // workflow ids whose wait is over and who may not know it yet
}

// StepClock moves the clock to the earliest wait due until the target and releases every wait due then; with none left it
// moves to the target. Waits released before, whose workflow has not moved, are named again.
func (s *Store) StepClock(ctx context.Context, call Call, id uuid.UUID) (ClockStep, error) {
	var step ClockStep
	err := s.within(ctx, call, func(t *tx) error {
		step = ClockStep{}
		c, err := lock[models.TestClock](t, id)
		if err != nil {
			return err
		}
		if c.Status != models.ClockAdvancing {
			step = ClockStep{Done: true, Version: c.Version, Now: c.NowAt}
			return nil
		}
		// A repeat of this step, or an advance right after something began: nothing moves before everything rests.
		var busy []string
		if err := t.Raw(restless, map[string]any{"clock": id}).Scan(&busy).Error; err != nil {
			return err
		}
		if len(busy) > 0 {
			step = ClockStep{Version: c.Version, Now: c.NowAt}
			step.Released, err = t.releasedWaits(id)
			return err
		}
		var due []time.Time // the earliest, if there is one
		if err := t.Model(&models.Wait{}).Where("clock_id = ? AND status = ? AND due_at <= ?", id, models.WaitWaiting, c.TargetAt).
			Order("due_at").Limit(1).Pluck("due_at", &due).Error; err != nil {
			return err
		}
		switch {
		case len(due) == 0:
			c.Reach(c.TargetAt)
			step.Done = true
		case due[0].After(c.NowAt):
			c.Reach(due[0])
		}
		if err := t.Save(&c).Error; err != nil {
			return err
		}
		if err := t.Model(&models.Wait{}).Where("clock_id = ? AND status = ? AND due_at <= ?", id, models.WaitWaiting, c.NowAt).
			Update("status", models.WaitReleased).Error; err != nil {
			return err
		}
		step.Version, step.Now = c.Version, c.NowAt
		step.Released, err = t.releasedWaits(id)
		return err
	})
	return step, err
}

// ReleasedWaits names the workflows whose wait is over and which have not moved yet.
func (s *Store) ReleasedWaits(ctx context.Context, call Call, id uuid.UUID) ([]string, error) {
	var ids []string
	err := s.read(ctx, call, func(t *tx) (err error) {
		ids, err = t.releasedWaits(id)
		return err
	})
	return ids, err
}

func (t *tx) releasedWaits(clock uuid.UUID) ([]string, error) {
	var ids []string
	err := t.Model(&models.Wait{}).Where("clock_id = ? AND status = ?", clock, models.WaitReleased).Order("workflow_id").
		Pluck("workflow_id", &ids).Error
	return ids, err
}

// FinishClock ends an advance: ready when nothing is in the way, blocked with a list of what is. The version says which
// advance is meant, so that a repeat does not end the next one before it has begun; zero means whichever runs.
func (s *Store) FinishClock(ctx context.Context, call Call, id uuid.UUID, version int64, busy []string) (models.TestClock, error) {
	return decide(ctx, s, call, func(t *tx) (models.TestClock, error) {
		c, err := lock[models.TestClock](t, id)
		if err != nil || c.Status != models.ClockAdvancing || version != 0 && version != c.Version {
			return c, err
		}
		to := models.ClockReady
		if len(busy) > 0 {
			to, c.BlockedOn = models.ClockBlocked, busy
		}
		if err := c.To(to); err != nil {
			return c, err
		}
		return c, t.Save(&c).Error
	})
}

// restless lists everything that a clock's accounts still have to do at the clock's present instant.
const restless = `
WITH accounts AS (SELECT id FROM billing_accounts WHERE test_clock_id = @clock),
     clock AS (SELECT now_at FROM test_clocks WHERE id = @clock)
SELECT 'workflow ' || workflow_id || ' is ' || status FROM waits, clock
 WHERE clock_id = @clock AND (status <> 'waiting' OR due_at <= now_at)
UNION ALL
SELECT topic || ' ' || id FROM dispatch WHERE billing_account_id IN (SELECT id FROM accounts)
UNION ALL
SELECT 'stripe event ' || id FROM stripe_inbox
 WHERE status = 'received' AND (billing_account_id IS NULL OR billing_account_id IN (SELECT id FROM accounts))
UNION ALL
SELECT 'provider call ' || key || ' is ' || status FROM provider_calls
 WHERE status IN ('sent', 'unknown') AND billing_account_id IN (SELECT id FROM accounts)
UNION ALL
SELECT 'operation ' || kind || ' ' || id FROM operations
 WHERE status = 'running' AND billing_account_id IN (SELECT id FROM accounts)
LIMIT 20`

// ClockBusy lists what keeps the clock from resting; empty means that it rests.
func (s *Store) ClockBusy(ctx context.Context, call Call, id uuid.UUID) ([]string, error) {
	var busy []string
	err := s.read(ctx, call, func(t *tx) error {
		busy = nil
		return t.Raw(restless, map[string]any{"clock": id}).Scan(&busy).Error
	})
	return busy, err
}

// WaitState is what a workflow learns when it asks to wait.
type WaitState struct {
	Reached bool
	OnClock bool // the clock will signal; otherwise a timer of Remaining is right
	Now     time.Time
}

// EnterWait says whether an instant has come for an account; if not, and it lives on a clock, it notes who waits for what.
func (s *Store) EnterWait(ctx context.Context, call Call, account uuid.UUID, workflowID string, due time.Time) (WaitState, error) {
	var state WaitState
	err := s.within(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		if a.TestClockID == nil {
			now, err := t.databaseNow()
			state = WaitState{Now: now, Reached: !now.Before(due)}
			return err
		}
		// A step of the clock takes this row for update: either it sees the new wait, or the wait sees the new now.
		c, err := t.lockClock(*a.TestClockID, "SHARE")
		if err != nil {
			return err
		}
		state = WaitState{Now: c.NowAt, OnClock: true, Reached: !c.NowAt.Before(due)}
		w := models.Wait{RealmID: call.Realm, WorkflowID: workflowID, ClockID: c.ID, BillingAccountID: account,
			Status: models.WaitRunning, Times: models.At(c.NowAt)}
		if !state.Reached {
			w.Status, w.DueAt = models.WaitWaiting, &due
		}
		return t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "realm_id"}, {Name: "workflow_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"status", "due_at"})}).Create(&w).Error
	})
	return state, err
}

// EndWait notes that a workflow has ended.
func (s *Store) EndWait(ctx context.Context, call Call, workflowID string) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Where("workflow_id = ?", workflowID).Delete(&models.Wait{}).Error
	})
}
