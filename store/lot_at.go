package store

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// lotsAt locks the account's lots that may cover usage at the instant: begun by then, not expired at it, not empty. Issuance
// that is behind, after an outage, is no reason to bill what a lot should have covered: what it has still to write up to the
// instant is written here, and it finds it done.
func (t *tx) lotsAt(account uuid.UUID, asset money.Asset, at, now time.Time) ([]models.CreditLot, error) {
	lots, behind, err := t.lotsBegun(account, asset, at)
	if err != nil || len(behind) == 0 {
		return lots, err
	}
	wrote := false
	for _, lot := range behind {
		n, err := t.scheduleUntil(lot, at, now)
		if err != nil {
			return nil, err
		}
		wrote = wrote || n > 0
	}
	if wrote {
		lots, _, err = t.lotsBegun(account, asset, at)
	}
	return lots, err
}

// lotsBegun gives the lots that cover the instant, and those of grant rules that had begun by then and are not issued yet: of
// them the next one may not have been written.
func (t *tx) lotsBegun(account uuid.UUID, asset money.Asset, at time.Time) (covering, behind []models.CreditLot, err error) {
	var lots []models.CreditLot
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where(`billing_account_id = ? AND asset = ? AND effective_at <= ? AND
		(status IN ? AND (expires_at IS NULL OR expires_at > ?) AND remaining > 0 OR assignment_id IS NOT NULL AND NOT posted AND status <> ?)`,
		account, asset, at, []models.LotStatus{models.LotScheduled, models.LotActive}, at, models.LotVoided).Order("id").Find(&lots).Error; err != nil {
		return nil, nil, err
	}
	for _, lot := range lots {
		if lot.Covers(at) {
			covering = append(covering, lot)
		}
		if lot.AssignmentID != nil && !lot.Posted {
			behind = append(behind, lot)
		}
	}
	return covering, behind, nil
}

// scheduleUntil writes the lots that follow one of a grant rule's, as far as they begin by the instant, and says how many of
// them there are.
func (t *tx) scheduleUntil(lot models.CreditLot, at, now time.Time) (int, error) {
	a, err := find[models.PlanAssignment](t, *lot.AssignmentID)
	if err != nil {
		return 0, err
	}
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return 0, err
	}
	for k := *lot.PeriodIndex + 1; ; k++ {
		span, err := a.Anchor(v.Terms.Cadence).Period(k)
		if err != nil || span.Start.After(at) {
			return k - *lot.PeriodIndex - 1, err
		}
		if err := t.scheduleNext(a, lot.Rule, k, now); err != nil {
			return 0, err
		}
	}
}
