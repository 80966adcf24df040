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
	return s.changeAccount(ctx, call, id, "suspend", (*models.BillingAccount).Suspend)
}

// ResumeAccount lets a suspended account work again.
func (s *Store) ResumeAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, "resume", (*models.BillingAccount).Resume)
}

// UnparkAccount lets an account work again after an operator has looked at why it was parked, and its stopped workflows try again.
func (s *Store) UnparkAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return s.changeAccount(ctx, call, id, "unpark", (*models.BillingAccount).Unpark)
}

func (s *Store) changeAccount(ctx context.Context, call Call, id uuid.UUID, verb string, change func(*models.BillingAccount) error) (models.BillingAccount, error) {
	return decide(ctx, s, call, func(t *tx) (models.BillingAccount, error) {
		a, now, err := t.lockAccount(id)
		if err != nil {
			return a, err
		}
		if err := matches(call.Match, a.Version); err != nil {
			return a, err
		}
		before := a
		if err := change(&a); err != nil {
			return a, err
		}
		if err := t.Save(&a).Error; err != nil {
			return a, err
		}
		if before.Status == models.AccountParked {
			if err := t.pokeAll(a, now); err != nil {
				return a, err
			}
		}
		return a, t.audit("billing_account."+verb, object{kind: "billing_account", prefix: keys.BillingAccount, id: a.ID}, before, a, now)
	})
}

// pokeAll wakes every workflow that has something left to do for the account: which of them stopped is not in the rows, and
// one that waits for something else takes no harm.
func (t *tx) pokeAll(account models.BillingAccount, now time.Time) error {
	work, err := t.unfinished(account)
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
