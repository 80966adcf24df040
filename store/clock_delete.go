package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// unanswered lists what may still change something outside, or tell of money, for a clock's accounts.
const unanswered = `
SELECT 'provider call ' || key || ' is ' || status FROM provider_calls
 WHERE status IN ('sent', 'unknown') AND billing_account_id IN (SELECT id FROM billing_accounts WHERE test_clock_id = @clock)
LIMIT 20`

// DeleteClock ends a clock and closes its accounts where they stand, in one decision: no workflow of theirs does anything from
// then on, and every row stays as it is. A clock at rest must be at rest; one that is blocked cannot be, and may go unless the
// provider has still to answer. A clock that is
// deleted already is given as it is.
func (s *Store) DeleteClock(ctx context.Context, call Call, id uuid.UUID) (models.TestClock, error) {
	return decide(ctx, s, call, func(t *tx) (models.TestClock, error) {
		c, err := t.lockClock(id, "NO KEY UPDATE")
		if err != nil {
			return c, err
		}
		if err := matches(call.Match, c.Version); err != nil || c.Status == models.ClockDeleted {
			return c, err
		}
		before := c
		if err := c.To(models.ClockDeleted); err != nil {
			return c, err
		}
		query := restless
		if before.Status == models.ClockBlocked {
			query = unanswered
		}
		var busy []string
		if err := t.Raw(query, map[string]any{"clock": id}).Scan(&busy).Error; err != nil {
			return c, err
		}
		if len(busy) > 0 {
			return c, fault.New(fault.Conflict, "clock_busy", "Work is under way: %s.", strings.Join(busy, ", "))
		}
		closed, err := t.closeAccounts(id, c.NowAt)
		if err != nil {
			return c, err
		}
		c.TargetAt, c.BlockedOn = c.NowAt, []string{}
		c.Name += " · deleted " + keys.Encode(keys.TestClock, id) // the name itself is free again
		if err := t.Save(&c).Error; err != nil {
			return c, err
		}
		return c, t.audit("test_clock.delete", object{kind: "test_clock", prefix: keys.TestClock, id: id}, before,
			deletedClock{c, closed}, c.NowAt)
	})
}

// deletedClock is what the audit row of a deletion shows: a write leaves one row, so it names the accounts that were closed.
type deletedClock struct {
	models.TestClock
	Closed []string
}

// lockClock keeps a clock from being deleted, or from anything else that its accounts would notice. It stands before the
// accounts' locks, so its strength must let rows that only refer to the clock pass.
func (t *tx) lockClock(id uuid.UUID, strength string) (models.TestClock, error) {
	var c models.TestClock
	err := t.Clauses(clause.Locking{Strength: strength}).Where("id = ?", id).Take(&c).Error
	return c, err
}

// closeAccounts closes the accounts of a clock, in the order of their ids: the one decision that locks more than one.
func (t *tx) closeAccounts(clock uuid.UUID, now time.Time) ([]string, error) {
	var accounts []models.BillingAccount
	if err := t.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("test_clock_id = ? AND status <> ?", clock, models.AccountClosed).
		Order("id").Find(&accounts).Error; err != nil {
		return nil, err
	}
	closed := make([]string, len(accounts))
	for i, a := range accounts {
		if err := t.closeAccount(a, now); err != nil {
			return nil, err
		}
		closed[i] = wire(a.ID)
	}
	return closed, nil
}

// closeAccount stops an account for good and frees what its leases hold. Reported usage that has no rating gets none.
func (t *tx) closeAccount(a models.BillingAccount, now time.Time) error {
	work, err := t.listening(a)
	if err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	if err := t.Save(&a).Error; err != nil {
		return err
	}
	var leases []models.Lease
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ? AND status = ?", a.ID, models.LeaseActive).
		Order("id").Find(&leases).Error; err != nil {
		return err
	}
	for i := range leases {
		if err := t.closeLease(&leases[i], models.LeaseReleased, now); err != nil {
			return err
		}
	}
	if err := t.dropWork(a.ID, now); err != nil {
		return err
	}
	for _, u := range work {
		if err := t.poke(a, u.workflow, u.WorkflowID, now); err != nil {
			return err
		}
	}
	return nil
}

// dropWork takes back what a closed account was still waiting for.
func (t *tx) dropWork(account uuid.UUID, now time.Time) error {
	if err := t.Exec("UPDATE usage_events SET status = ?, reason = 'account_closed' WHERE billing_account_id = ? AND status = ?", models.EventSkipped,
		account, models.EventAccepted).Error; err != nil {
		return err
	}
	if err := t.Exec("DELETE FROM dispatch WHERE billing_account_id = ? AND topic = ?", account, models.TopicRating).Error; err != nil {
		return err
	}
	var open []models.Operation
	if err := t.Where("billing_account_id = ? AND status = ?", account, models.OperationRunning).Find(&open).Error; err != nil {
		return err
	}
	for i := range open {
		if err := open[i].Finish(models.OperationCanceled, now); err != nil {
			return err
		}
		if err := t.Save(&open[i]).Error; err != nil {
			return err
		}
	}
	return nil
}

// refuseClosed refuses what somebody wants to begin for a closed account.
func refuseClosed(a models.BillingAccount) error {
	if a.Status != models.AccountClosed {
		return nil
	}
	return fault.New(fault.Forbidden, "account_closed", "The account is closed.")
}
