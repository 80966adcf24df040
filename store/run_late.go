package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// nextRun sends for a run if usage beyond the credits is still to be billed and nothing else will.
func (t *tx) nextRun(account models.BillingAccount, now time.Time) error {
	var waiting bool
	err := t.Raw(`SELECT EXISTS (SELECT FROM ratings r WHERE r.billing_account_id = ? AND r.kind = 'billed' AND r.overage > 0 AND r.currency <> ''
		AND NOT EXISTS (SELECT FROM invoice_line_ratings x WHERE x.realm_id = r.realm_id AND x.rating_id = r.id))`, account.ID).Scan(&waiting).Error
	if err != nil || !waiting {
		return err
	}
	return t.runForOverage(account, now)
}

// runComing says whether an account has a run before it in any case.
const runComing = `SELECT EXISTS (SELECT FROM plan_assignments a WHERE a.billing_account_id = @ba AND NOT a.is_free AND a.status NOT IN ('ended', 'canceled'))
	OR EXISTS (SELECT FROM billing_periods p WHERE p.billing_account_id = @ba AND p.status <> 'closed')`

// runForOverage sees to it that usage beyond the credits has a run to come. An account whose assignments go on, or whose
// periods are not closed, has one; else the end of its calendar month bills what came too late for the last run, or was used
// on a plan without periods. One run serves the whole month, so only the first sends for it.
func (t *tx) runForOverage(account models.BillingAccount, now time.Time) error {
	var coming, sent bool
	if err := t.Raw(runComing, map[string]any{"ba": account.ID}).Scan(&coming).Error; err != nil || coming {
		return err
	}
	month, err := calendar.MonthOf(account.Timezone, now)
	if err != nil {
		return err
	}
	if err := t.Raw("SELECT EXISTS (SELECT FROM outbox WHERE workflow_id = ?)", keys.BillingPeriodWorkflow(account.ID, month.End)).
		Scan(&sent).Error; err != nil || sent {
		return err
	}
	return t.send(t.startRun(account, month.End), now)
}

// lastTerms are the terms by which a run without periods collects: those of the account's last period, else of its free plan.
// Of periods that ended together, one that is collected counts before one that is not, then the one that was opened last.
func (t *tx) lastTerms(account uuid.UUID) (models.PlanTerms, error) {
	var v models.PlanVersion
	err := t.Raw(`SELECT v.* FROM plan_versions v JOIN (
			SELECT realm_id, plan_version_id, id, 1 AS rank, end_at AS at FROM billing_periods WHERE billing_account_id = @ba
			UNION ALL SELECT realm_id, plan_version_id, id, 2, start_at FROM plan_assignments WHERE billing_account_id = @ba AND is_free) p
		ON p.realm_id = v.realm_id AND p.plan_version_id = v.id
		ORDER BY p.rank, p.at DESC, v.terms ->> 'collection' = @none, p.id DESC LIMIT 1`,
		map[string]any{"ba": account, "none": models.CollectNone}).Scan(&v).Error
	return v.Terms, err
}
