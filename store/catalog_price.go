package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewMeterPrice is what a unit is to cost. Without EffectiveAt it counts from now on.
type NewMeterPrice struct {
	MeterID     uuid.UUID
	Asset       money.Asset
	Terms       pricing.Price
	EffectiveAt *time.Time
}

// CreateMeterPrice adds a price to the meter's timeline. It may begin in the past only where no rating would have been
// priced by it: what was rated stays what it was.
func (s *Store) CreateMeterPrice(ctx context.Context, call Call, in NewMeterPrice) (models.MeterPrice, error) {
	id := models.NewID()
	in.Terms.Version = pricing.Version
	return decide(ctx, s, call, func(t *tx) (models.MeterPrice, error) {
		// A rating holds a share of its meter's row, so none slips in between the check below and the price.
		if _, err := lock[models.Meter](t, in.MeterID); err != nil {
			return models.MeterPrice{}, err
		}
		var f fields
		f.below("", in.Terms.Validate())
		if err := t.checkAsset(&f, "/currency", in.Asset); err != nil {
			return models.MeterPrice{}, err
		}
		if err := f.fault(); err != nil {
			return models.MeterPrice{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.MeterPrice{}, err
		}
		from, err := t.beginning(in.EffectiveAt, now, "meter_id = ?", in.MeterID)
		if err != nil {
			return models.MeterPrice{}, err
		}
		row := models.MeterPrice{Row: t.row(id), MeterID: in.MeterID, Asset: in.Asset, Terms: in.Terms,
			Times: models.Times{EffectiveAt: from, RecordedAt: now}}
		if err := t.insert(&row, object{kind: "meter_price", prefix: keys.MeterPrice, id: id}, now); err != nil {
			return models.MeterPrice{}, err
		}
		return row, t.catalogChanged()
	})
}

// beginning says from when a dated catalog row counts, and refuses one that ratings of the given kind lie behind.
func (t *tx) beginning(at *time.Time, now time.Time, ratings string, args ...any) (time.Time, error) {
	from := now
	if at != nil {
		from = at.UTC().Truncate(time.Microsecond)
	}
	var rated bool
	err := t.Raw("SELECT EXISTS (SELECT FROM ratings WHERE effective_at >= ? AND "+ratings+")",
		append([]any{from}, args...)...).Scan(&rated).Error
	if err != nil {
		return from, err
	}
	if rated {
		return from, fault.New(fault.Conflict, "state_conflict", "Usage at or after %s has been rated already.", from.Format(time.RFC3339))
	}
	return from, nil
}

// checkAsset refuses an asset that is neither a currency nor a credit type of the realm.
func (t *tx) checkAsset(f *fields, pointer string, asset money.Asset) error {
	known, err := t.knowsAsset(asset)
	if err == nil && !known {
		f.at(pointer, "unknown_asset", "It must be an ISO 4217 currency or the code of a credit type.")
	}
	return err
}

func (t *tx) knowsAsset(asset money.Asset) (bool, error) {
	if asset.IsCurrency() {
		return true, nil
	}
	_, known, err := first[models.CreditType](t.Where("code = ?", asset))
	return known, err
}

// MeterPriceFilter narrows the list of a meter's prices; At keeps of each asset the price in force at that instant.
type MeterPriceFilter struct {
	MeterID uuid.UUID
	Asset   money.Asset
	At      *time.Time
}

// ListMeterPrices gives a page of a meter's timeline.
func (s *Store) ListMeterPrices(ctx context.Context, call Call, page Page, in MeterPriceFilter) ([]models.MeterPrice, bool, error) {
	if _, err := get[models.Meter](ctx, s, call, in.MeterID); err != nil {
		return nil, false, err
	}
	return list[models.MeterPrice](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = q.Where("meter_id = ?", in.MeterID)
		if in.Asset != "" {
			q = q.Where("asset = ?", in.Asset)
		}
		if in.At != nil {
			q = q.Where(`effective_at = (SELECT max(p.effective_at) FROM meter_prices p
				WHERE p.meter_id = meter_prices.meter_id AND p.asset = meter_prices.asset AND p.effective_at <= ?)`, *in.At)
		}
		return q
	})
}
