package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// accountParked is the refusal of every money step of a parked account. Whoever gets it waits to be told; parking the account
// once more might undo an operator's un-parking that came in between.
const accountParked = "account_parked"

// errClosed ends a money step of a closed account before it does anything; whoever asked finds nothing left to do.
var errClosed = errors.New("store: the account is closed")

// lockWorking is lockAccount for what bills, collects or grants by itself: on a parked account that waits, on a closed one
// it never happens.
func (t *tx) lockWorking(id uuid.UUID) (models.BillingAccount, time.Time, error) {
	a, now, err := t.lockAccount(id)
	switch {
	case err != nil:
	case a.Status == models.AccountParked:
		err = fault.New(fault.Conflict, accountParked, "The account is parked (%s); this waits until it is un-parked.", a.ParkedReason)
	case a.Status == models.AccountClosed:
		err = errClosed
	}
	return a, now, err
}

// working is within for a step that begins with lockWorking.
func (s *Store) working(ctx context.Context, call Call, fn func(*tx) error) error {
	err := s.within(ctx, call, fn)
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}

// WorkingAccount reads an account whose money moves, or a closed one; a parked one is refused.
func (s *Store) WorkingAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	var a models.BillingAccount
	err := s.working(ctx, call, func(t *tx) (err error) {
		a, _, err = t.lockWorking(id)
		return err
	})
	return a, err
}

// breach is a decision that would go beyond a bound; it ends the decision's transaction.
type breach struct {
	account uuid.UUID
	models.SafetyBreach
}

func (b *breach) Error() string {
	return fmt.Sprintf("safety bound %s: %s is %s, at most %s", b.Bound, b.Subject, b.Value, b.BoundLimit)
}

// bounded runs a decision that watches bounds. One that would go beyond one is not made; instead, in a transaction of its
// own, the account is parked and what was refused is kept for whoever looks.
func (s *Store) bounded(ctx context.Context, call Call, fn func(*tx) error) error {
	err := s.working(ctx, call, fn)
	var over *breach
	if !errors.As(err, &over) {
		return err
	}
	s.log.LogAttrs(ctx, slog.LevelError, "account parked by a safety bound", slog.String("billing_account_id", wire(over.account)),
		slog.String("bound", string(over.Bound)), slog.String("subject", over.Subject), slog.String("value", over.Value.String()),
		slog.String("limit", over.BoundLimit.String()))
	if err := s.within(ctx, call, func(t *tx) error {
		a, now, err := t.lockAccount(over.account)
		if err != nil {
			return err
		}
		row := over.SafetyBreach
		row.Row, row.BillingAccountID, row.Times = models.Row{RealmID: call.Realm, ID: models.NewID()}, a.ID, models.At(now)
		if _, err := insertOnce(t, &row); err != nil {
			return err
		}
		return t.park(a, over.Error(), now)
	}); err != nil {
		return err
	}
	return fault.New(fault.Conflict, accountParked, "The account was parked: %s.", over.Error())
}

// withinBound lets a decision pass that is inside its bound, or that a person has accepted with this much.
func (t *tx) withinBound(account uuid.UUID, bound models.SafetyBound, subject string, value, limit decimal.Decimal) error {
	if value.LessThanOrEqual(limit) {
		return nil
	}
	var accepted int64
	err := t.Model(&models.SafetyBreach{}).Where("billing_account_id = ? AND bound = ? AND subject = ? AND value >= ? AND accepted_at IS NOT NULL",
		account, bound, subject, value).Count(&accepted).Error
	if err != nil || accepted > 0 {
		return err
	}
	return &breach{account, models.SafetyBreach{Bound: bound, Subject: subject, Value: value, BoundLimit: limit}}
}

func (t *tx) bounds() (models.SafetyBounds, error) {
	var realm models.Realm
	err := t.Where("id = ?", t.call.Realm).Take(&realm).Error
	return realm.SafetyBounds.Or(models.DefaultBounds()), err
}

// boundInvoice watches how many lines an account gets within a day of its own boundaries, however late they are billed, and how
// far an invoice is from those before it.
func (t *tx) boundInvoice(account uuid.UUID, boundary time.Time, total invoicing.Invoice) error {
	b, err := t.bounds()
	if err != nil {
		return err
	}
	subject := keys.BillingPeriodWorkflow(account, boundary) + "/" + string(total.Currency)
	var lines int64
	if err := t.Model(&models.InvoiceLine{}).Joins("JOIN invoices i ON i.realm_id = invoice_lines.realm_id AND i.id = invoice_lines.invoice_id").
		Where("i.billing_account_id = ? AND i.boundary_at > ? AND i.boundary_at < ?", account, boundary.Add(-24*time.Hour), boundary.Add(24*time.Hour)).
		Count(&lines).Error; err != nil {
		return err
	}
	if err := t.withinBound(account, models.BoundLines, subject, decimal.NewFromInt(lines+int64(len(total.Lines))),
		decimal.NewFromInt(int64(b.LinesPerDay))); err != nil {
		return err
	}
	var before struct {
		Count   int
		Average decimal.Decimal
	}
	if err := t.Raw(`SELECT count(*) AS count, coalesce(avg(total), 0) AS average FROM (SELECT total FROM invoices WHERE billing_account_id = ? AND currency = ?
		AND boundary_at < ? AND status <> 'void' AND total > 0 ORDER BY boundary_at DESC LIMIT 12) x`, account, total.Currency, boundary).
		Scan(&before).Error; err != nil || before.Count < b.TotalHistory {
		return err
	}
	c, _ := money.Lookup(string(total.Currency))
	limit := decimal.Max(before.Average.Mul(b.TotalTimes), decimal.New(b.TotalFloor, -c.Exponent))
	return t.withinBound(account, models.BoundTotal, subject, total.Total, limit)
}

// boundGrant watches what the rules of an assignment give in one period against what its plan version says.
func (t *tx) boundGrant(a models.PlanAssignment, lot models.CreditLot) error {
	b, err := t.bounds()
	if err != nil {
		return err
	}
	v, err := find[models.PlanVersion](t, a.PlanVersionID)
	if err != nil {
		return err
	}
	promised := decimal.Zero
	for _, rule := range v.Terms.Grants {
		if rule.Asset == lot.Asset {
			promised = promised.Add(rule.Amount)
		}
	}
	var given decimal.Decimal
	if err := t.Raw("SELECT coalesce(sum(issued), 0) FROM credit_lots WHERE assignment_id = ? AND period_index = ? AND asset = ? AND status <> ?",
		a.ID, *lot.PeriodIndex, lot.Asset, models.LotVoided).Scan(&given).Error; err != nil {
		return err
	}
	return t.withinBound(a.BillingAccountID, models.BoundGrant, lot.SourceRef, given, promised.Mul(b.GrantTimes))
}

// AcceptBounds un-parks an account and lets the decisions that its safety bounds stopped be made as they were.
func (s *Store) AcceptBounds(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, accountChange{"accept_bounds", (*models.BillingAccount).Unpark, func(t *tx, now time.Time) error {
		res := t.Model(&models.SafetyBreach{}).Where("billing_account_id = ? AND accepted_at IS NULL", id).
			Updates(map[string]any{"accepted_at": now, "accepted_by": call.Actor})
		if res.Error == nil && res.RowsAffected == 0 {
			return fault.New(fault.Conflict, "state_conflict", "No safety bound stopped this account: un-park it.")
		}
		return res.Error
	}})
}
