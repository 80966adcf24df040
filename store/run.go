package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Run is the billing of one account at one boundary: when it may close, and what a person should read about it.
type Run struct {
	DueAt    time.Time // boundary + the longest grace of the periods that end there; the boundary itself when none does
	Over     bool      // the account is closed: the run will never be
	Ending   int
	Starting int
	Title    string // account and boundary, for a person
}

// PlanRun reads which periods of the account end and begin at the boundary.
func (s *Store) PlanRun(ctx context.Context, call Call, account uuid.UUID, boundary time.Time) (Run, error) {
	run := Run{DueAt: boundary}
	err := s.read(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		run = Run{DueAt: boundary, Over: a.Status == models.AccountClosed, Title: "account " + a.PrincipalID + " (" + wire(a.ID) + ") · boundary " + boundary.Format(time.RFC3339)}
		var periods []models.BillingPeriod
		if periods, run.DueAt, err = t.periodsAt(account, boundary); err != nil {
			return err
		}
		for _, p := range periods {
			if p.EndAt.Equal(boundary) {
				run.Ending++
			} else {
				run.Starting++
			}
		}
		return nil
	})
	return run, err
}

// periodsAt gives the periods that end or begin at the boundary, and the instant from which the run may close: the boundary
// plus the longest grace of those that end.
func (t *tx) periodsAt(account uuid.UUID, boundary time.Time) ([]models.BillingPeriod, time.Time, error) {
	due := boundary
	var periods []models.BillingPeriod
	err := t.Where("billing_account_id = ? AND (end_at = ? OR start_at = ?)", account, boundary, boundary).Order("start_at, id").Find(&periods).Error
	for _, p := range periods {
		if p.EndAt.Equal(boundary) && p.GraceUntil.After(due) {
			due = p.GraceUntil
		}
	}
	return periods, due, err
}

// FreezeRun closes the periods that end at the boundary to new usage, and says how much usage of theirs is still to be rated
// or settled. Before the run's instant it freezes nothing.
func (s *Store) FreezeRun(ctx context.Context, call Call, account uuid.UUID, boundary time.Time) (int, error) {
	var pending int
	err := s.working(ctx, call, func(t *tx) error {
		_, now, err := t.lockWorking(account)
		if err != nil {
			return err
		}
		pending = 0
		if _, due, err := t.periodsAt(account, boundary); err != nil || now.Before(due) {
			return err
		}
		var periods []models.BillingPeriod
		if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ? AND end_at = ? AND status IN ?", account, boundary,
			[]models.PeriodStatus{models.PeriodOpen, models.PeriodGrace}).Order("id").Find(&periods).Error; err != nil {
			return err
		}
		for i := range periods {
			if err := periods[i].Freeze(); err != nil {
				return err
			}
			if err := t.Save(&periods[i]).Error; err != nil {
				return err
			}
		}
		pending, err = t.pendingBefore(account, boundary)
		return err
	})
	return pending, err
}

func (t *tx) pendingBefore(account uuid.UUID, boundary time.Time) (int, error) {
	var n int
	err := t.Raw(`SELECT (SELECT count(*) FROM usage_events WHERE billing_account_id = @ba AND status = 'accepted' AND effective_at < @at)
		+ (SELECT count(*) FROM dispatch d JOIN ratings r ON r.realm_id = d.realm_id AND r.id = d.id
		    WHERE d.topic = 'settlement' AND d.billing_account_id = @ba AND r.effective_at < @at)`,
		map[string]any{"ba": account, "at": boundary}).Scan(&n).Error
	return n, err
}

// turnsBefore counts the account's assignments that have still to start, turn or end at the boundary: what they bring belongs
// on the same invoice.
func (t *tx) turnsBefore(account uuid.UUID, boundary time.Time) (int, error) {
	var n int
	err := t.Raw(`SELECT count(*) FROM plan_assignments a WHERE a.billing_account_id = @ba AND NOT a.is_free
		  AND (a.status = 'scheduled' AND a.start_at <= @at
		    OR a.status = 'active' AND least(a.end_at, (SELECT max(p.end_at) FROM billing_periods p
		        WHERE p.realm_id = a.realm_id AND p.assignment_id = a.id)) <= @at)`,
		map[string]any{"ba": account, "at": boundary}).Scan(&n).Error
	return n, err
}

// unfrozenAt counts the account's periods that end at the boundary and still take usage: a turn may have ended one, and the run's
// instant may have come, since the others were frozen.
func (t *tx) unfrozenAt(account uuid.UUID, boundary time.Time) (int, error) {
	var n int64
	err := t.Model(&models.BillingPeriod{}).Where("billing_account_id = ? AND end_at = ? AND status IN ?", account, boundary,
		[]models.PeriodStatus{models.PeriodOpen, models.PeriodGrace}).Count(&n).Error
	return int(n), err
}

// ClosedRun is what a billing run made.
type ClosedRun struct {
	Pending  int  // usage, turns or a freeze that must come first; nothing was closed
	Early    bool // its instant has not come, or moved away with a longer grace that a turn brought; nothing was closed
	Invoices []uuid.UUID
	Closed   int
}

// CloseRun bills, in one transaction, what the boundary brings: the usage of the periods that ended there and the advance
// fees of those that begin, as one draft invoice per currency; then closes the periods, earns their fees, and lets go what
// is left of lots that no open period may use any more. A second call finds nothing to do.
func (s *Store) CloseRun(ctx context.Context, call Call, account uuid.UUID, boundary time.Time) (ClosedRun, error) {
	var out ClosedRun
	err := s.bounded(ctx, call, func(t *tx) error {
		out = ClosedRun{}
		a, now, err := t.lockWorking(account)
		if err != nil {
			return err
		}
		_, due, err := t.periodsAt(account, boundary)
		if err != nil {
			return err
		}
		if out.Early = now.Before(due); out.Early {
			return nil
		}
		if out.Pending, err = t.pendingBefore(account, boundary); err != nil || out.Pending > 0 {
			return err
		}
		if out.Pending, err = t.turnsBefore(account, boundary); err != nil || out.Pending > 0 {
			return err
		}
		if out.Pending, err = t.unfrozenAt(account, boundary); err != nil || out.Pending > 0 {
			return err
		}
		if out.Invoices, err = t.draftInvoices(a, boundary, now); err != nil {
			return err
		}
		var periods []models.BillingPeriod
		if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ? AND end_at <= ? AND status = ?", account, boundary,
			models.PeriodFrozen).Order("id").Find(&periods).Error; err != nil {
			return err
		}
		for i := range periods {
			if err := t.closePeriod(&periods[i], now); err != nil {
				return err
			}
		}
		out.Closed = len(periods)
		if err := t.expireLots(account, boundary, now); err != nil {
			return err
		}
		return t.nextRun(a, now)
	})
	return out, err
}

// closePeriod ends the period for good and earns the fee that was billed in advance for it.
func (t *tx) closePeriod(p *models.BillingPeriod, now time.Time) error {
	if err := p.Close(now); err != nil {
		return err
	}
	if err := t.Save(p).Error; err != nil {
		return err
	}
	var billed int64
	if err := t.Model(&models.InvoiceLine{}).Where("period_id = ? AND kind = ?", p.ID, invoicing.KindFee).Count(&billed).Error; err != nil {
		return err
	}
	if billed == 0 || !p.Fee.IsPositive() {
		return nil
	}
	posting, err := ledger.PeriodClosed(p.FeeCurrency, p.Fee)
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.PeriodClosed(p.ID), account: p.BillingAccountID, sourceType: "billing_period",
		sourceID: keys.Encode(keys.BillingPeriod, p.ID), effectiveAt: p.EndAt, now: now})
	return err
}
