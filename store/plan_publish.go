package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// PublishPlanVersion makes a draft the version that new assignments take. The one before it is deprecated in the same
// transaction: at no instant has a plan two active versions, or an assigned one changing terms.
func (s *Store) PublishPlanVersion(ctx context.Context, call Call, ref PlanRef) (PlanDetail, error) {
	return s.changeDraft(ctx, call, ref, func(t *tx, p *models.Plan, draft *models.PlanVersion) error {
		if err := t.checkTerms(draft.Terms); err != nil {
			return err
		}
		if err := t.keepFree(p.ID, draft.Terms); err != nil {
			return err
		}
		old, exists, err := first[models.PlanVersion](t.Where("plan_id = ? AND status = ?", p.ID, models.Active))
		if err != nil {
			return err
		}
		if exists {
			if err := t.deprecate(&old); err != nil {
				return err
			}
		}
		now, err := t.databaseNow()
		if err != nil {
			return err
		}
		err = t.updatePart("plan_version.published", object{kind: "plan_version", prefix: keys.PlanVersion, id: draft.ID}, draft, func() error {
			return draft.Publish(now)
		})
		if err != nil {
			return err
		}
		return t.catalogChanged()
	})
}

// keepFree refuses a fee or grants on a plan that is some model's null state: its assignments have no workflow to turn periods.
func (t *tx) keepFree(plan uuid.UUID, terms models.PlanTerms) error {
	if !terms.HasWork() {
		return nil
	}
	_, free, err := first[models.PricingModel](t.Where("free_plan_id = ?", plan))
	if err == nil && free {
		err = fault.New(fault.Conflict, "state_conflict", "This is a pricing model's free plan: it has neither fee nor recurring grants.")
	}
	return err
}

// DeprecatePlanVersion closes a version to new assignments; those it serves, it serves on. The zero number stands for the
// active one.
func (s *Store) DeprecatePlanVersion(ctx context.Context, call Call, ref PlanRef) (PlanDetail, error) {
	return s.changePlan(ctx, call, ref, func(t *tx, p *models.Plan) error {
		version, err := t.planVersion(p.ID, ref.Number)
		if ref.Number == 0 {
			version, err = t.activeVersion(p.ID)
		}
		if err != nil {
			return err
		}
		_, free, err := first[models.PricingModel](t.Where("free_plan_id = ?", p.ID))
		if err != nil {
			return err
		}
		if free {
			return fault.New(fault.Conflict, "in_use", "Accounts fall back to this plan; publish a new version instead.")
		}
		if err := t.deprecate(&version); err != nil {
			return err
		}
		return t.catalogChanged()
	})
}

func (t *tx) deprecate(v *models.PlanVersion) error {
	return t.updatePart("plan_version.deprecated", object{kind: "plan_version", prefix: keys.PlanVersion, id: v.ID}, v, v.Deprecate)
}
