package store

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// priceAt gives the meter's price in force at an instant for an account of this currency, and whether there is one. A price in
// the currency itself beats a price in a credit type; prices in other currencies never count, and an account without a
// currency yet ("") sees credit prices only. Among rows of one asset the latest that began at or before the instant is in
// force: the instant at which a price begins belongs to it.
func (t *tx) priceAt(meter uuid.UUID, currency money.Asset, at time.Time) (models.MeterPrice, bool, error) {
	return first[models.MeterPrice](t.
		Where("meter_id = ? AND effective_at <= ?", meter, at).
		Where("(asset = ? OR asset IN (SELECT code FROM credit_types))", currency).
		// The last column only makes the order total: two credit types priced at one instant.
		Clauses(clause.OrderBy{Expression: clause.Expr{SQL: "asset = ? DESC, effective_at DESC, asset", Vars: []any{currency},
			WithoutParentheses: true}}))
}

// creditValueAt gives what one unit of a credit type is worth in a currency at an instant, and whether that is known. The
// instant at which a value begins belongs to it.
func (t *tx) creditValueAt(asset, currency money.Asset, at time.Time) (models.CreditValue, bool, error) {
	return first[models.CreditValue](t.
		Where("credit_type_id = (SELECT id FROM credit_types WHERE code = ?)", asset).
		Where("currency = ? AND effective_at <= ?", currency, at).
		Order("effective_at DESC"))
}

// first reads one row of a query and says whether there is one; absence is an answer here, not an error.
func first[T any](q *gorm.DB) (T, bool, error) {
	var row T
	err := q.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false, nil
	}
	return row, err == nil, err
}
