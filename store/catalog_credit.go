package store

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Four letters at least: three are a currency, now or one day.
var creditTypeForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{3,30}$`)

// NewCreditType is an asset of the realm's own. Scale is how many decimals a grant of it may have.
type NewCreditType struct {
	Code  money.Asset
	Name  string
	Scale int32
}

// CreateCreditType adds an asset.
func (s *Store) CreateCreditType(ctx context.Context, call Call, in NewCreditType) (models.CreditType, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (models.CreditType, error) {
		var f fields
		if !creditTypeForm.MatchString(string(in.Code)) {
			f.at("/code", "bad_format", "A credit type's code has 4 to 31 of A-Z, 0-9 and _, and begins with a letter.")
		}
		f.name("/name", in.Name)
		if in.Scale < 0 || in.Scale > money.LedgerScale {
			f.at("/scale", "out_of_range", "The scale must be between 0 and %d.", money.LedgerScale)
		}
		if err := f.fault(); err != nil {
			return models.CreditType{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.CreditType{}, err
		}
		row := models.CreditType{Row: t.row(id), Code: in.Code, Name: in.Name, Scale: in.Scale, Version: 1, Times: models.At(now)}
		return row, t.insert(&row, object{kind: "credit_type", prefix: keys.CreditType, id: id}, now)
	})
}

// ListCreditTypes gives a page of credit types, or the one of a code.
func (s *Store) ListCreditTypes(ctx context.Context, call Call, page Page, code string) ([]models.CreditType, bool, error) {
	return list[models.CreditType](ctx, s, call, page, byCode(code))
}

// GetCreditType gives one credit type.
func (s *Store) GetCreditType(ctx context.Context, call Call, id uuid.UUID) (models.CreditType, error) {
	return get[models.CreditType](ctx, s, call, id)
}

// NewCreditValue is what one credit is worth in a currency. Without EffectiveAt it counts from now on.
type NewCreditValue struct {
	CreditTypeID uuid.UUID
	Currency     money.Asset
	Value        decimal.Decimal
	EffectiveAt  *time.Time
}

// CreateCreditValue adds a value to the credit type's timeline, under the same rule as a price: rated usage keeps its value.
func (s *Store) CreateCreditValue(ctx context.Context, call Call, in NewCreditValue) (models.CreditValue, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (models.CreditValue, error) {
		kind, err := find[models.CreditType](t, in.CreditTypeID)
		if err != nil {
			return models.CreditValue{}, err
		}
		var f fields
		if !in.Currency.IsCurrency() {
			f.at("/currency", "unknown_asset", "The currency must be an ISO 4217 code.")
		}
		if in.Value.IsNegative() {
			f.at("/value", "out_of_range", "The value must not be negative.")
		} else if in.Value.Exponent() < -money.MaxDecimals {
			f.at("/value", "bad_scale", "The value may have at most %d decimals.", money.MaxDecimals)
		}
		if err := f.fault(); err != nil {
			return models.CreditValue{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.CreditValue{}, err
		}
		from, err := t.beginning(in.EffectiveAt, now, "asset = ? AND currency = ?", kind.Code, in.Currency)
		if err != nil {
			return models.CreditValue{}, err
		}
		row := models.CreditValue{Row: t.row(id), CreditTypeID: kind.ID, Currency: in.Currency, Value: in.Value,
			Times: models.Times{EffectiveAt: from, RecordedAt: now}}
		if err := t.insert(&row, object{kind: "credit_value", prefix: keys.CreditTypeValue, id: id}, now); err != nil {
			return models.CreditValue{}, err
		}
		return row, t.catalogChanged()
	})
}

// CreditValueFilter narrows the list of a credit type's values; At keeps of each currency the value in force at that instant.
type CreditValueFilter struct {
	CreditTypeID uuid.UUID
	Currency     money.Asset
	At           *time.Time
}

// ListCreditValues gives a page of a credit type's timeline.
func (s *Store) ListCreditValues(ctx context.Context, call Call, page Page, in CreditValueFilter) ([]models.CreditValue, bool, error) {
	if _, err := get[models.CreditType](ctx, s, call, in.CreditTypeID); err != nil {
		return nil, false, err
	}
	return list[models.CreditValue](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = q.Where("credit_type_id = ?", in.CreditTypeID)
		if in.Currency != "" {
			q = q.Where("currency = ?", in.Currency)
		}
		if in.At != nil {
			q = q.Where(`effective_at = (SELECT max(v.effective_at) FROM credit_values v
				WHERE v.credit_type_id = credit_values.credit_type_id AND v.currency = credit_values.currency
				  AND v.effective_at <= ?)`, *in.At)
		}
		return q
	})
}
