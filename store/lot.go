package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// scheduleLot writes the lot that a rule gives for period k of an assignment, effective at the period's start, unless it is there.
func (t *tx) scheduleLot(a models.PlanAssignment, terms models.PlanTerms, rule models.GrantRule, k int, now time.Time) error {
	span, err := a.Anchor(terms.Cadence).Period(k)
	if err != nil {
		return err
	}
	if a.EndAt != nil && !span.Start.Before(*a.EndAt) {
		return nil
	}
	lot := models.CreditLot{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: a.BillingAccountID, Asset: rule.Asset,
		SourceKind: models.LotFromPlan, SourceRef: keys.LotForPeriod(a.ID, rule.Code, k), AssignmentID: &a.ID, Rule: rule.Code, PeriodIndex: &k,
		Issued: rule.Amount, Remaining: rule.Amount, Priority: rule.Priority, Promotional: rule.Promotional, Status: models.LotScheduled,
		GrantedAt: span.Start, Times: models.Times{EffectiveAt: span.Start, RecordedAt: now}}
	if rule.Expires == models.ExpiresPeriodEnd {
		lot.ExpiresAt = &span.End
		if a.IsOver() && a.EndAt.Before(span.End) {
			lot.ExpiresAt = a.EndAt // as its period was cut
		}
	}
	_, err = insertOnce(t, &lot)
	return err
}

// Issuance is the next lot of a grant rule: when it begins, or that there will be none.
type Issuance struct {
	Over    bool
	DueAt   time.Time
	Index   int
	Summary string // what is issued
	Title   string // account, plan and period, for a person
}

// NextIssuance reads the first lot of the rule whose issuance is not in the ledger yet.
func (s *Store) NextIssuance(ctx context.Context, call Call, assignment uuid.UUID, rule string) (Issuance, error) {
	var next Issuance
	err := s.read(ctx, call, func(t *tx) error {
		lot, err := t.nextLot(assignment, rule)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			next = Issuance{Over: true}
			return nil
		}
		if err != nil {
			return err
		}
		next = Issuance{DueAt: lot.EffectiveAt, Index: *lot.PeriodIndex, Summary: lot.Issued.String() + " " + string(lot.Asset)}
		account, err := find[models.BillingAccount](t, lot.BillingAccountID)
		if err != nil {
			return err
		}
		if account.Status == models.AccountClosed {
			next = Issuance{Over: true}
			return nil
		}
		a, err := find[models.PlanAssignment](t, assignment)
		if err != nil {
			return err
		}
		next.Title, err = t.title(account, a)
		return err
	})
	return next, err
}

func (t *tx) nextLot(assignment uuid.UUID, rule string) (models.CreditLot, error) {
	var lot models.CreditLot
	err := t.Where("assignment_id = ? AND rule = ? AND NOT posted AND status <> ?", assignment, rule, models.LotVoided).
		Order("period_index").Limit(1).Take(&lot).Error
	return lot, err
}

// IssueLot brings the rule's lot of period k to life at its instant: into the funds, into the ledger, and the lot of period
// k+1 on its way. What has been done already is not done again.
func (s *Store) IssueLot(ctx context.Context, call Call, assignment uuid.UUID, rule string, k int) error {
	return s.bounded(ctx, call, func(t *tx) error {
		a, err := find[models.PlanAssignment](t, assignment)
		if err != nil {
			return err
		}
		_, now, err := t.lockWorking(a.BillingAccountID)
		if err != nil {
			return err
		}
		if a, err = find[models.PlanAssignment](t, assignment); err != nil {
			return err
		}
		lot, err := t.nextLot(assignment, rule)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil || *lot.PeriodIndex != k || now.Before(lot.EffectiveAt) {
			return err
		}
		if err := t.boundGrant(a, lot); err != nil {
			return err
		}
		if err := t.activateLot(&lot); err != nil {
			return err
		}
		if err := t.postIssuance(&lot, now); err != nil {
			return err
		}
		if lot.ExpiresAt != nil && !lot.ExpiresAt.After(now) {
			// Issued after its own time: the run that ends such lots may have been the account's last.
			if err := t.expireLots(a.BillingAccountID, lot.EffectiveAt, now); err != nil {
				return err
			}
		}
		return t.scheduleNext(a, rule, k+1, now)
	})
}

// scheduleNext writes the rule's lot of period k unless the assignment ends before it. One that has ended still owes those that
// nobody wrote in time.
func (t *tx) scheduleNext(a models.PlanAssignment, code string, k int, now time.Time) error {
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return err
	}
	for _, rule := range v.Terms.Grants {
		if rule.Code == code {
			return t.scheduleLot(a, v.Terms, rule, k, now)
		}
	}
	return nil
}

// activateLot puts a scheduled lot among the account's funds. A commit that meets a lot whose instant has come does it too,
// so that nothing depends on how soon the workflow wakes.
func (t *tx) activateLot(lot *models.CreditLot) error {
	if lot.Status != models.LotScheduled && lot.Status != models.LotPending {
		return nil
	}
	if err := lot.Activate(); err != nil {
		return err
	}
	if err := t.Save(lot).Error; err != nil {
		return err
	}
	return t.addFunds(lot.BillingAccountID, lot.Asset, lot.Issued, decimal.Zero)
}

func (t *tx) postIssuance(lot *models.CreditLot, now time.Time) error {
	posting, err := ledger.CreditsGranted(wire(lot.BillingAccountID), lot.Asset, lot.Issued)
	if err != nil {
		return err
	}
	if _, err := t.post(posting, header{key: keys.LotIssued(lot.ID), account: lot.BillingAccountID, sourceType: "credit_lot",
		sourceID: keys.Encode(keys.Grant, lot.ID), effectiveAt: lot.EffectiveAt, now: now}); err != nil {
		return err
	}
	lot.Posted = true
	return t.Model(lot).Update("posted", true).Error
}

// addFunds changes what the account can spend and what is held; rows begin at zero.
func (t *tx) addFunds(account uuid.UUID, asset money.Asset, available, held decimal.Decimal) error {
	if available.IsZero() && held.IsZero() {
		return nil
	}
	// Postgres checks the row an upsert would insert even where it updates, and a negative change of held is no legal row.
	// The account's lock stands for the row that is not there yet.
	res := t.Exec(`UPDATE account_funds SET available = available + ?, held = held + ?, version = version + 1
		WHERE billing_account_id = ? AND asset = ?`, available, held, account, asset)
	if res.Error != nil || res.RowsAffected == 1 {
		return res.Error
	}
	return t.Create(&models.AccountFunds{RealmID: t.call.Realm, BillingAccountID: account, Asset: asset, Available: available, Held: held,
		Version: 1}).Error
}

// voidScheduled takes back the lots of an assignment that would begin at or after its end: they were never issued.
func (t *tx) voidScheduled(assignment uuid.UUID, end time.Time) error {
	var lots []models.CreditLot
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("assignment_id = ? AND status = ? AND effective_at >= ?",
		assignment, models.LotScheduled, end).Order("id").Find(&lots).Error; err != nil {
		return err
	}
	for i := range lots {
		if _, err := lots[i].Void(); err != nil {
			return err
		}
		if err := t.Save(&lots[i]).Error; err != nil {
			return err
		}
	}
	return nil
}

// voidBegun takes back what is left of lots that began at the very instant their assignment ended: they cover no time.
func (t *tx) voidBegun(assignment uuid.UUID, end, now time.Time) error {
	var lots []models.CreditLot
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("assignment_id = ? AND status = ? AND effective_at >= ?",
		assignment, models.LotActive, end).Order("id").Find(&lots).Error; err != nil {
		return err
	}
	for i := range lots {
		if err := t.voidActive(&lots[i], now); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) voidActive(lot *models.CreditLot, now time.Time) error {
	if !lot.Posted {
		if err := t.postIssuance(lot, now); err != nil {
			return err
		}
	}
	left, err := lot.Void()
	if err != nil {
		return err
	}
	if err := t.Save(lot).Error; err != nil {
		return err
	}
	if err := t.addFunds(lot.BillingAccountID, lot.Asset, left.Neg(), decimal.Zero); err != nil {
		return err
	}
	posted, err := t.telescope(lot.BillingAccountID, bucketWallet, lot.Asset, left)
	if err != nil {
		return err
	}
	posting, err := ledger.LotVoided(wire(lot.BillingAccountID), lot.Asset, posted)
	if ledger.IsNothing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.LotVoided(lot.ID), account: lot.BillingAccountID, sourceType: "credit_lot",
		sourceID: keys.Encode(keys.Grant, lot.ID), effectiveAt: lot.EffectiveAt, now: now})
	return err
}

// expireLots ends the account's lots whose time is over and which no unclosed period may still use; what is left is breakage.
// Over is what ended by this boundary, or by a later one that was closed before it: a longer grace lets runs overtake each other.
func (t *tx) expireLots(account uuid.UUID, until, now time.Time) error {
	var lots []models.CreditLot
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where(`billing_account_id = ? AND status IN ? AND expires_at <= greatest(?,
		(SELECT max(p.end_at) FROM billing_periods p WHERE p.realm_id = credit_lots.realm_id
		    AND p.billing_account_id = credit_lots.billing_account_id AND p.status = 'closed'))
		AND NOT EXISTS (SELECT FROM billing_periods p WHERE p.realm_id = credit_lots.realm_id
		    AND p.billing_account_id = credit_lots.billing_account_id AND p.status <> 'closed' AND p.start_at < credit_lots.expires_at)`, account,
		[]models.LotStatus{models.LotActive, models.LotExhausted}, until).Order("id").Find(&lots).Error; err != nil {
		return err
	}
	for i := range lots {
		if err := t.expireLot(&lots[i], now); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) expireLot(lot *models.CreditLot, now time.Time) error {
	left, err := lot.Expire()
	if err != nil {
		return err
	}
	if err := t.Save(lot).Error; err != nil || left.IsZero() {
		return err
	}
	if err := t.addFunds(lot.BillingAccountID, lot.Asset, left.Neg(), decimal.Zero); err != nil {
		return err
	}
	posted, err := t.telescope(lot.BillingAccountID, bucketWallet, lot.Asset, left)
	if err != nil {
		return err
	}
	rest := ledger.LotValue{Asset: lot.Asset, Amount: posted}
	if lot.Cost.IsPositive() {
		rest.Currency = lot.CostCurrency
		if rest.Cost, err = t.telescope(lot.BillingAccountID, bucketCost, lot.CostCurrency, credit.Cost(lot.Issued, lot.Cost, left)); err != nil {
			return err
		}
	}
	posting, err := ledger.LotExpired(wire(lot.BillingAccountID), rest)
	if ledger.IsNothing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.LotExpired(lot.ID), account: lot.BillingAccountID, sourceType: "credit_lot",
		sourceID: keys.Encode(keys.Grant, lot.ID), effectiveAt: *lot.ExpiresAt, now: now})
	return err
}
