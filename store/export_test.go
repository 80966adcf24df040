package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// PriceAt shows tests what a rating would find.
func (s *Store) PriceAt(ctx context.Context, call Call, meter uuid.UUID, currency money.Asset, at time.Time) (models.MeterPrice, bool, error) {
	var (
		row   models.MeterPrice
		found bool
	)
	err := s.read(ctx, call, func(t *tx) (err error) {
		row, found, err = t.priceAt(meter, currency, at)
		return err
	})
	return row, found, err
}

// CreditValueAt shows tests what a rating would find.
func (s *Store) CreditValueAt(ctx context.Context, call Call, asset, currency money.Asset, at time.Time) (models.CreditValue, bool, error) {
	var (
		row   models.CreditValue
		found bool
	)
	err := s.read(ctx, call, func(t *tx) (err error) {
		row, found, err = t.creditValueAt(asset, currency, at)
		return err
	})
	return row, found, err
}

// OutsideRealm runs a query that forgot its realm.
func (s *Store) OutsideRealm(ctx context.Context) error {
	var rows []models.Meter
	return s.db.WithContext(ctx).Find(&rows).Error
}

// InRealm runs raw SQL in a realm, as the application's role.
func (s *Store) InRealm(ctx context.Context, call Call, sql string, args ...any) error {
	return s.within(ctx, call, func(t *tx) error { return t.Exec(sql, args...).Error })
}

// LifeLeft shows tests for how long a ring may trust a secret.
var LifeLeft = lifeLeft
