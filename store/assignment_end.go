package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Canceled is an assignment with its cancellation noted, and the operation that follows it.
type Canceled struct {
	Assignment models.PlanAssignment
	Operation  models.Operation
}

// CancelAssignment notes when the assignment ends, now or with its period, and puts the account's phases right from that
// instant on. What has to happen at the instant is the workflow's, which is woken.
func (s *Store) CancelAssignment(ctx context.Context, call Call, id uuid.UUID, mode models.CancelMode) (Canceled, error) {
	return decide(ctx, s, call, func(t *tx) (Canceled, error) {
		a, account, now, err := t.lockAssignment(id, t.lockAccount)
		if err != nil {
			return Canceled{}, err
		}
		if err := matches(call.Match, a.Version); err != nil {
			return Canceled{}, err
		}
		if err := refuseClosed(account); err != nil {
			return Canceled{}, err
		}
		if a.IsFree {
			return Canceled{}, fault.New(fault.Conflict, "state_conflict", "The free plan is what an account falls back to; it cannot be canceled.")
		}
		before := a
		at, err := t.cancelAt(a, mode, now)
		if err != nil {
			return Canceled{}, err
		}
		if a.EndAt != nil && a.EndAt.Before(at) {
			at = *a.EndAt // what ends earlier by itself, or by an earlier cancellation, is not kept alive by this one
		}
		if err := a.ScheduleEnd(mode, at); err != nil {
			return Canceled{}, err
		}
		if err := t.Save(&a).Error; err != nil {
			return Canceled{}, err
		}
		if err := t.cutPhases(a, at, now); err != nil {
			return Canceled{}, err
		}
		if err := t.voidScheduled(a.ID, at); err != nil {
			return Canceled{}, err
		}
		if err := t.bumpTerms(account.ID); err != nil {
			return Canceled{}, err
		}
		op, err := t.beginOperation("plan_assignment.cancel", a, keys.PlanAssignmentWorkflow(a.ID), now)
		if err != nil {
			return Canceled{}, err
		}
		if err := t.audit("plan_assignment.cancel", object{kind: "plan_assignment", prefix: keys.PlanAssignment, id: a.ID}, before, a, now); err != nil {
			return Canceled{}, err
		}
		return Canceled{a, op}, t.poke(account, keys.TypePlanAssignment, keys.PlanAssignmentWorkflow(a.ID), now)
	})
}

// lockAssignment locks the assignment's account, by lockAccount or lockWorking, and then the assignment.
func (t *tx) lockAssignment(id uuid.UUID, lockPayer func(uuid.UUID) (models.BillingAccount, time.Time, error)) (models.PlanAssignment,
	models.BillingAccount, time.Time, error) {
	a, err := find[models.PlanAssignment](t, id)
	if err != nil {
		return a, models.BillingAccount{}, time.Time{}, err
	}
	account, now, err := lockPayer(a.BillingAccountID)
	if err != nil {
		return a, account, now, err
	}
	a, err = lock[models.PlanAssignment](t, id)
	return a, account, now, err
}

// cancelAt is the instant of the end: an assignment that has not begun ends at its start, having never applied.
func (t *tx) cancelAt(a models.PlanAssignment, mode models.CancelMode, now time.Time) (time.Time, error) {
	if a.IsOver() {
		return now, fault.New(fault.Conflict, "state_conflict", "The plan assignment is %s.", a.Status)
	}
	if a.Status == models.AssignmentScheduled && now.Before(a.StartAt) {
		return a.StartAt, nil
	}
	if mode == models.CancelNow {
		return now, nil
	}
	last, err := t.lastPeriod(a.ID)
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return now, err
	}
	if err == nil && last.EndAt.After(now) {
		return last.EndAt, nil
	}
	// The period that now lies in has not been opened yet; its end is known all the same.
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return now, err
	}
	anchor := a.Anchor(v.Terms.Cadence)
	k, err := anchor.Index(now)
	if err != nil {
		return now, err
	}
	span, err := anchor.Period(k)
	return span.End, err
}

// cutPhases ends the assignment's phase at the instant; a base's account falls back to its free plan from there.
func (t *tx) cutPhases(a models.PlanAssignment, at, now time.Time) error {
	var phases []models.AssignmentPhase
	if err := t.Where("assignment_id = ? AND (end_at IS NULL OR end_at > ?)", a.ID, at).Order("start_at").Find(&phases).Error; err != nil {
		return err
	}
	for i := range phases {
		p := &phases[i]
		var end *time.Time
		if p.EndAt != nil {
			end = new(*p.EndAt) // a copy: the update below writes through the row's own pointer
		}
		if p.StartAt.Before(at) {
			if err := t.Model(p).Update("end_at", at).Error; err != nil {
				return err
			}
		} else if err := t.Delete(p).Error; err != nil {
			return err
		}
		if a.Kind == models.Base {
			if err := t.resumeFree(a.BillingAccountID, at, end, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// resumeFree gives [start, end) back to the free plan, joining the free phases on either side.
func (t *tx) resumeFree(account uuid.UUID, start time.Time, end *time.Time, now time.Time) error {
	var free models.PlanAssignment
	if err := t.Where("billing_account_id = ? AND is_free", account).Take(&free).Error; err != nil {
		return err
	}
	if end != nil {
		var after models.AssignmentPhase
		res := t.Where("assignment_id = ? AND start_at = ?", free.ID, *end).Limit(1).Find(&after)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 1 {
			end = after.EndAt
			if err := t.Delete(&after).Error; err != nil {
				return err
			}
		}
	}
	res := t.Model(&models.AssignmentPhase{}).Where("assignment_id = ? AND end_at = ?", free.ID, start).Update("end_at", end)
	if res.Error != nil || res.RowsAffected > 0 {
		return res.Error
	}
	return t.addPhase(free, start, end, now)
}

func (t *tx) poke(account models.BillingAccount, workflow, id string, now time.Time) error {
	return t.send(message{kind: models.OutboxSignal, workflow: workflow, workflowID: id, account: &account, input: struct{}{}}, now)
}

// endAssignment closes the assignment's last period at its end and sends for that boundary's billing run.
func (t *tx) endAssignment(account models.BillingAccount, a models.PlanAssignment, at, now time.Time) error {
	began := a.Status == models.AssignmentActive
	if err := a.End(at); err != nil {
		return err
	}
	if err := t.Save(&a).Error; err != nil {
		return err
	}
	if err := t.finishOperations(a.ID, now); err != nil {
		return err
	}
	if err := t.voidScheduled(a.ID, at); err != nil {
		return err
	}
	if err := t.voidBegun(a.ID, at, now); err != nil {
		return err
	}
	if err := t.pokeIssuance(account, a, now); err != nil {
		return err
	}
	if !began {
		return t.nextRun(account, now)
	}
	if err := t.cutPeriod(account, a, at, now); err != nil {
		return err
	}
	return t.send(t.startRun(account, at), now)
}

func (t *tx) pokeIssuance(account models.BillingAccount, a models.PlanAssignment, now time.Time) error {
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return err
	}
	for _, rule := range v.Terms.Grants {
		if err := t.poke(account, keys.TypeCreditIssuance, keys.CreditIssuanceWorkflow(a.ID, rule.Code), now); err != nil {
			return err
		}
	}
	return nil
}

// cutPeriod ends the open period at the instant: the fee for the time after it is not owed, and lots that end with the period end
// with it.
func (t *tx) cutPeriod(account models.BillingAccount, a models.PlanAssignment, at, now time.Time) error {
	p, err := t.lastPeriod(a.ID)
	if err != nil {
		return err
	}
	if p.EndAt.After(at) {
		if err := t.creditUnused(account, &p, at, now); err != nil {
			return err
		}
		if err := t.Model(&models.CreditLot{}).Where("assignment_id = ? AND status IN ? AND expires_at > ? AND effective_at < ?", a.ID,
			[]models.LotStatus{models.LotScheduled, models.LotActive, models.LotExhausted}, at, at).Update("expires_at", at).Error; err != nil {
			return err
		}
		grace := p.GraceUntil.Sub(p.EndAt)
		p.EndAt, p.GraceUntil = at, at.Add(grace)
	}
	if p.Status == models.PeriodOpen {
		if err := p.EnterGrace(); err != nil {
			return err
		}
	}
	return t.Save(&p).Error
}

// creditUnused takes the unused seconds off the advance fee: a fee that is billed already gives them as account credit, and the
// rest stays to be earned; one that is not is billed without them.
func (t *tx) creditUnused(account models.BillingAccount, p *models.BillingPeriod, at, now time.Time) error {
	if !p.Fee.IsPositive() {
		return nil
	}
	unused := proration.Unused(money.Amount{Value: p.Fee, Asset: p.FeeCurrency}, p.Interval(), at)
	p.Fee = p.Fee.Sub(unused)
	var billed int64
	if err := t.Model(&models.InvoiceLine{}).Where("period_id = ? AND kind = 'fee'", p.ID).Count(&billed).Error; err != nil {
		return err
	}
	if billed == 0 || !unused.IsPositive() {
		return nil // the run that has still to bill the fee finds only the used part
	}
	posting, err := ledger.AccountCreditGiven(wire(account.ID), p.FeeCurrency, unused, ledger.DeferredRevenue)
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.PeriodClosed(p.ID) + "/unused", account: account.ID, sourceType: "billing_period",
		sourceID: keys.Encode(keys.BillingPeriod, p.ID), effectiveAt: at, now: now})
	return err
}
