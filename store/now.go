package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/models"
)

// accountNow is the account's test clock, or the database's: the only "now" that business rules see.
func (t *tx) accountNow(a models.BillingAccount) (time.Time, error) {
	if a.TestClockID == nil {
		return t.databaseNow()
	}
	c, err := find[models.TestClock](t, *a.TestClockID)
	return c.NowAt, err
}

// lockAccount takes the lock that serialises the account's money, and gives its now.
func (t *tx) lockAccount(id uuid.UUID) (models.BillingAccount, time.Time, error) {
	var a models.BillingAccount
	// NO KEY UPDATE: rows that only refer to the account need not wait.
	err := t.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("id = ?", id).Take(&a).Error
	if err != nil {
		return a, time.Time{}, err
	}
	now, err := t.accountNow(a)
	return a, now, err
}

// AccountNow gives the account's now.
func (s *Store) AccountNow(ctx context.Context, call Call, account uuid.UUID) (time.Time, error) {
	var now time.Time
	err := s.read(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		now, err = t.accountNow(a)
		return err
	})
	return now, err
}
