package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewPricingModel is what a caller says about a pricing model.
type NewPricingModel struct {
	Code, Name string
	IsDefault  bool
}

// CreatePricingModel adds a pricing model. A realm's first is its default; a new default takes the place of the old one.
func (s *Store) CreatePricingModel(ctx context.Context, call Call, in NewPricingModel) (models.PricingModel, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (models.PricingModel, error) {
		var f fields
		f.code("/code", in.Code)
		f.name("/name", in.Name)
		if err := f.fault(); err != nil {
			return models.PricingModel{}, err
		}
		// The realm's row, locked by this, decides who is first; the unique index would only fail the second.
		if err := t.catalogChanged(); err != nil {
			return models.PricingModel{}, err
		}
		old, exists, err := first[models.PricingModel](t.Where("is_default"))
		if err != nil {
			return models.PricingModel{}, err
		}
		if exists && in.IsDefault {
			if err := t.undefault(old); err != nil {
				return models.PricingModel{}, err
			}
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.PricingModel{}, err
		}
		row := models.PricingModel{Row: t.row(id), Code: in.Code, Name: in.Name, IsDefault: in.IsDefault || !exists,
			Version: 1, Times: models.At(now)}
		return row, t.insert(&row, object{kind: "pricing_model", prefix: keys.PricingModel, id: id}, now)
	})
}

func (t *tx) undefault(row models.PricingModel) error {
	return t.update("pricing_model.updated", object{kind: "pricing_model", prefix: keys.PricingModel, id: row.ID}, &row, func() error {
		row.IsDefault = false
		row.Version++
		return nil
	})
}

// ListPricingModels gives a page of pricing models, or the one of a code.
func (s *Store) ListPricingModels(ctx context.Context, call Call, page Page, code string) ([]models.PricingModel, bool, error) {
	return list[models.PricingModel](ctx, s, call, page, byCode(code))
}

// GetPricingModel gives one pricing model.
func (s *Store) GetPricingModel(ctx context.Context, call Call, id uuid.UUID) (models.PricingModel, error) {
	return get[models.PricingModel](ctx, s, call, id)
}

// FreePlan names the plan that accounts of a pricing model fall back to. Version is the pricing model's, if the caller minds.
type FreePlan struct {
	PricingModelID uuid.UUID
	PlanID         uuid.UUID
	Version        Versions
}

// SetFreePlan makes a plan the null state of the pricing model's accounts.
func (s *Store) SetFreePlan(ctx context.Context, call Call, in FreePlan) (models.PricingModel, error) {
	return decide(ctx, s, call, func(t *tx) (models.PricingModel, error) {
		// The plan's row first, as publishing locks it: neither can slip a fee past the other.
		plan, err := lock[models.Plan](t, in.PlanID)
		if err != nil {
			return models.PricingModel{}, err
		}
		row, err := lock[models.PricingModel](t, in.PricingModelID)
		if err != nil {
			return models.PricingModel{}, err
		}
		if err := matches(in.Version, row.Version); err != nil {
			return models.PricingModel{}, err
		}
		if plan.PricingModelID != row.ID || plan.Kind != models.Base {
			return models.PricingModel{}, fault.At("/free_plan_id", "out_of_range", "The free plan must be a base plan of this pricing model.")
		}
		active, exists, err := first[models.PlanVersion](t.Where("plan_id = ? AND status = ?", plan.ID, models.Active))
		if err != nil {
			return models.PricingModel{}, err
		}
		if !exists || active.Terms.HasWork() {
			return models.PricingModel{}, fault.New(fault.Conflict, "state_conflict",
				"A free plan has an active version, and neither fee nor recurring grants.")
		}
		err = t.update("pricing_model.updated", object{kind: "pricing_model", prefix: keys.PricingModel, id: row.ID}, &row, func() error {
			row.FreePlanID = &plan.ID
			row.Version++
			return nil
		})
		if err != nil {
			return models.PricingModel{}, err
		}
		return row, t.catalogChanged()
	})
}
