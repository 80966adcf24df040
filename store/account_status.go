package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// SuspendAccount stops an account's new work; what was done already is still billed.
func (s *Store) SuspendAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, accountChange{verb: "suspend", change: (*models.BillingAccount).Suspend})
}

// ResumeAccount lets a suspended account work again.
func (s *Store) ResumeAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, accountChange{verb: "resume", change: (*models.BillingAccount).Resume})
}

// UnparkAccount makes an account what it was before it was parked, after an operator has looked at why, and its stopped workflows try again.
func (s *Store) UnparkAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, accountChange{verb: "unpark", change: (*models.BillingAccount).Unpark})
}

// accountChange is a change of status, and what has to happen with it.
type accountChange struct {
	verb   string
	change func(*models.BillingAccount) error
	beside func(*tx, time.Time) error
}

func (s *Store) changeAccount(ctx context.Context, call Call, id uuid.UUID, in accountChange) (models.BillingAccount, error) {
	return decide(ctx, s, call, func(t *tx) (models.BillingAccount, error) {
		a, now, err := t.lockAccount(id)
		if err != nil {
			return a, err
		}
		if err := matches(call.Match, a.Version); err != nil {
			return a, err
		}
		before := a
		if err := in.change(&a); err != nil {
			return a, err
		}
		if in.beside != nil {
			if err := in.beside(t, now); err != nil {
				return a, err
			}
		}
		if err := t.Save(&a).Error; err != nil {
			return a, err
		}
		if before.Status == models.AccountParked && a.Status != models.AccountParked {
			if err := t.workNow(a.ID); err != nil {
				return a, err
			}
			if err := t.pokeAll(a, now); err != nil {
				return a, err
			}
		}
		return a, t.audit("billing_account."+in.verb, object{kind: "billing_account", prefix: keys.BillingAccount, id: a.ID}, before, a, now)
	})
}

// pokeAll wakes every workflow that may have stopped for the account: which of them did is not in the rows, and one that waits
// for something else takes no harm.
func (t *tx) pokeAll(account models.BillingAccount, now time.Time) error {
	work, err := t.listening(account)
	if err != nil {
		return err
	}
	for _, u := range work {
		if err := t.poke(account, u.workflow, u.WorkflowID, now); err != nil {
			return err
		}
	}
	return nil
}

// workNow ends the time for which the account's work was set aside.
func (t *tx) workNow(account uuid.UUID) error {
	return t.Exec("UPDATE dispatch SET due_at = clock_timestamp() WHERE billing_account_id = ? AND topic IN ?", account,
		[]models.Topic{models.TopicRating, models.TopicSettlement}).Error
}
