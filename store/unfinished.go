package store

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Unfinished is a workflow that has something left to do, as the rows have it. Whether it runs is for Temporal to say.
type Unfinished struct {
	WorkflowID string
	message
}

// unfinishedAccounts finds accounts that anything is left to do for; what exactly is then read account by account.
const unfinishedAccounts = `
SELECT DISTINCT id FROM (
  SELECT billing_account_id AS id FROM plan_assignments WHERE NOT is_free AND status NOT IN ('ended', 'canceled')
  UNION ALL SELECT billing_account_id FROM billing_periods WHERE status <> 'closed'
  UNION ALL SELECT billing_account_id FROM invoices WHERE status IN ('draft', 'open')
  UNION ALL SELECT billing_account_id FROM waits
  UNION ALL SELECT billing_account_id FROM outbox WHERE workflow_type = 'BillingPeriod' -- usage beyond credits, on no plan with periods
) work WHERE id > ? ORDER BY id LIMIT ?`

// ListUnfinished gives what is left to do for the next accounts after the one named, and the last account it looked at; Nil
// when there are no more. A wait on a test clock that nothing needs any more is in it too, with nothing to start.
func (s *Store) ListUnfinished(ctx context.Context, call Call, after uuid.UUID, accounts int) ([]Unfinished, uuid.UUID, error) {
	var (
		work []Unfinished
		last uuid.UUID
	)
	err := s.read(ctx, call, func(t *tx) error {
		work, last = nil, uuid.Nil
		var found []struct{ ID uuid.UUID }
		if err := t.Raw(unfinishedAccounts, after, accounts).Scan(&found).Error; err != nil {
			return err
		}
		for _, f := range found {
			account, err := find[models.BillingAccount](t, f.ID)
			if err != nil {
				return err
			}
			left, err := t.unfinished(account)
			if err != nil {
				return err
			}
			stray, err := t.strayWaits(f.ID, left)
			if err != nil {
				return err
			}
			work, last = slices.Concat(work, left, stray), f.ID
		}
		return nil
	})
	return work, last, err
}

// ListUnfinishedOfRealm gives what is left to do for no account in particular: Stripe events, hosted pages whose
// opening has no outcome yet, and moving test clocks.
func (s *Store) ListUnfinishedOfRealm(ctx context.Context, call Call) ([]Unfinished, error) {
	var work []Unfinished
	err := s.read(ctx, call, func(t *tx) error {
		work = nil
		var events []models.InboxEvent
		if err := t.Where("status = ?", models.InboxReceived).Order("recorded_at").Find(&events).Error; err != nil {
			return err
		}
		for _, e := range events {
			work = append(work, left(t.startEvent(e)))
		}
		var opening []models.ProviderCall
		if err := t.Where("verb = 'checkout.create' AND status IN ?", []models.CallStatus{models.CallSent, models.CallUnknown}).Order("key").
			Find(&opening).Error; err != nil {
			return err
		}
		for _, pc := range opening {
			id, err := keys.Decode(keys.Checkout, pc.ObjectRef)
			if err != nil {
				return err
			}
			work = append(work, left(t.startCheckout(id, pc.Status)))
		}
		var clocks []models.TestClock
		if err := t.Where("status = ?", models.ClockAdvancing).Order("id").Find(&clocks).Error; err != nil {
			return err
		}
		for _, c := range clocks {
			work = append(work, left(t.startClock(c)))
		}
		return nil
	})
	return work, err
}

// SendAgain starts a workflow that Temporal has lost, unless a message for it is on its way already; it says which.
func (s *Store) SendAgain(ctx context.Context, call Call, u Unfinished) (sent bool, err error) {
	if u.kind == "" {
		return false, s.WorkflowGone(ctx, call, u.WorkflowID)
	}
	err = s.within(ctx, call, func(t *tx) error {
		now, err := t.databaseNow()
		if u.account != nil {
			_, now, err = t.lockAccount(u.account.ID)
		}
		if err != nil {
			return err
		}
		sent, err = t.sendAgain(u, now)
		return err
	})
	return sent, err
}

func (t *tx) sendAgain(u Unfinished, now time.Time) (bool, error) {
	var coming bool
	if err := t.Raw("SELECT EXISTS (SELECT FROM outbox WHERE workflow_id = ? AND kind = ? AND published_at IS NULL)", u.WorkflowID, models.OutboxStart).Scan(&coming).Error; err != nil || coming {
		return false, err
	}
	return true, t.send(u.message, now)
}

// WorkflowGone is told that Temporal runs no such workflow. One that has something left to do is started again; otherwise
// nothing waits for it any more.
func (s *Store) WorkflowGone(ctx context.Context, call Call, workflowID string) error {
	return s.within(ctx, call, func(t *tx) error {
		var known []struct{ ID uuid.UUID }
		if err := t.Raw(`SELECT billing_account_id AS id FROM waits WHERE workflow_id = @id
			UNION SELECT billing_account_id FROM outbox WHERE workflow_id = @id AND billing_account_id IS NOT NULL`,
			map[string]any{"id": workflowID}).Scan(&known).Error; err != nil || len(known) == 0 {
			return err
		}
		account, now, err := t.lockAccount(known[0].ID)
		if err != nil {
			return err
		}
		work, err := t.unfinished(account)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(work, func(u Unfinished) bool { return u.WorkflowID == workflowID }); i >= 0 {
			_, err := t.sendAgain(work[i], now)
			return err
		}
		return t.Where("workflow_id = ?", workflowID).Delete(&models.Wait{}).Error
	})
}

// strayWaits are the account's waits on its clock that belong to no work.
func (t *tx) strayWaits(account uuid.UUID, work []Unfinished) ([]Unfinished, error) {
	var waits []struct{ ID, Type string }
	if err := t.Raw(`SELECT workflow_id AS id, coalesce((SELECT max(workflow_type) FROM outbox o WHERE o.realm_id = waits.realm_id
		AND o.workflow_id = waits.workflow_id), '') AS type FROM waits WHERE billing_account_id = ? ORDER BY workflow_id`, account).Scan(&waits).Error; err != nil {
		return nil, err
	}
	var stray []Unfinished
	for _, w := range waits {
		if !slices.ContainsFunc(work, func(u Unfinished) bool { return u.WorkflowID == w.ID }) {
			stray = append(stray, Unfinished{WorkflowID: w.ID, message: message{workflow: w.Type}})
		}
	}
	return stray, nil
}

// listening are the workflows that may wait for news of the account: what has something left to do, and what its clock counts.
func (t *tx) listening(account models.BillingAccount) ([]Unfinished, error) {
	work, err := t.unfinished(account)
	if err != nil {
		return nil, err
	}
	stray, err := t.strayWaits(account.ID, work)
	return slices.Concat(work, stray), err
}

func left(m message) Unfinished { return Unfinished{WorkflowID: m.workflowID, message: m} }

// unfinished reads what is left to do for one account. It may name a workflow that finds nothing to do and ends; it never
// leaves out one that is needed.
func (t *tx) unfinished(account models.BillingAccount) ([]Unfinished, error) {
	if account.Status == models.AccountClosed {
		return nil, nil
	}
	work, err := t.unfinishedAssignments(account)
	if err != nil {
		return nil, err
	}
	runs, err := t.unfinishedRuns(account)
	if err != nil {
		return nil, err
	}
	for _, boundary := range runs {
		work = append(work, left(t.startRun(account, boundary)))
	}
	var invoices []models.Invoice
	if err := t.Where("billing_account_id = ? AND status IN ?", account.ID, []models.InvoiceStatus{models.InvoiceDraft, models.InvoiceOpen}).
		Order("id").Find(&invoices).Error; err != nil {
		return nil, err
	}
	for _, inv := range invoices {
		work = append(work, left(t.startInvoice(account, inv)))
	}
	return work, nil
}

func (t *tx) unfinishedAssignments(account models.BillingAccount) ([]Unfinished, error) {
	var assignments []models.PlanAssignment
	if err := t.Where("billing_account_id = ? AND NOT is_free AND status NOT IN ?", account.ID,
		[]models.AssignmentStatus{models.AssignmentEnded, models.AssignmentCanceled}).Order("id").Find(&assignments).Error; err != nil {
		return nil, err
	}
	work := make([]Unfinished, 0, 2*len(assignments))
	for _, a := range assignments {
		v, err := find[models.PlanVersion](t, a.PlanVersionID)
		if err != nil {
			return nil, err
		}
		plan, err := find[models.Plan](t, v.PlanID)
		if err != nil {
			return nil, err
		}
		work = append(work, left(t.startAssignment(account, plan, a)))
		for _, rule := range v.Terms.Grants {
			work = append(work, left(t.startIssuance(account, plan, a, rule)))
		}
	}
	return work, nil
}

// unfinishedRuns are the boundaries at which periods have ended and are not closed, or have begun and have a fee that no line
// bills; and, for an account with neither, the end of the month that is going to bill its usage beyond credits.
func (t *tx) unfinishedRuns(account models.BillingAccount) ([]time.Time, error) {
	var runs []struct{ At time.Time }
	if err := t.Raw(`
		SELECT end_at AS at FROM billing_periods WHERE billing_account_id = @ba AND status IN ('grace', 'frozen')
		UNION SELECT p.start_at FROM billing_periods p WHERE p.billing_account_id = @ba AND p.fee > 0 AND NOT EXISTS (SELECT FROM invoice_lines l
			WHERE l.realm_id = p.realm_id AND l.period_id = p.id AND l.kind = 'fee')
		ORDER BY at`, map[string]any{"ba": account.ID}).Scan(&runs).Error; err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		at, waiting, err := t.monthOfOverage(account)
		if err != nil || !waiting {
			return nil, err
		}
		return []time.Time{at}, nil
	}
	boundaries := make([]time.Time, len(runs))
	for i, r := range runs {
		boundaries[i] = r.At.UTC()
	}
	return boundaries, nil
}

// monthOfOverage is the end of the calendar month in which the oldest usage was rated that no line bills yet. Asked for late,
// the run finds its instant past and closes at once.
func (t *tx) monthOfOverage(account models.BillingAccount) (time.Time, bool, error) {
	var oldest struct{ At *time.Time }
	if err := t.Raw(`SELECT min(r.recorded_at) AS at FROM ratings r WHERE r.billing_account_id = ? AND r.kind = 'billed' AND r.overage > 0 AND r.currency <> ''
		AND NOT EXISTS (SELECT FROM invoice_line_ratings x WHERE x.realm_id = r.realm_id AND x.rating_id = r.id)`, account.ID).
		Scan(&oldest).Error; err != nil || oldest.At == nil {
		return time.Time{}, false, err
	}
	var coming bool
	if err := t.Raw(runComing, map[string]any{"ba": account.ID}).Scan(&coming).Error; err != nil || coming {
		return time.Time{}, false, err
	}
	month, err := calendar.MonthOf(account.Timezone, *oldest.At)
	return month.End, true, err
}
