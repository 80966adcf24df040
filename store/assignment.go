package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewAssignment puts a plan on an account. Start is the account's now when nil, and the anchor of all its periods.
type NewAssignment struct {
	Account    uuid.UUID
	Plan       uuid.UUID
	Version    *uuid.UUID // the plan's active version when nil
	SourceKind string
	SourceRef  string
	Start      *time.Time
	End        *time.Time
}

// Assigned is a new assignment and the operation that follows its workflow.
type Assigned struct {
	Assignment models.PlanAssignment
	Operation  models.Operation
}

// AssignPlan writes the assignment with its phase, so that the gate knows it from its first instant; makes the first lot of
// every grant rule, so that no commit at the start finds it missing; and sends for the workflows that will carry it on.
func (s *Store) AssignPlan(ctx context.Context, call Call, in NewAssignment) (Assigned, error) {
	return decide(ctx, s, call, func(t *tx) (Assigned, error) {
		account, now, err := t.lockAccount(in.Account)
		if err != nil {
			return Assigned{}, err
		}
		if account.Status != models.AccountActive {
			return Assigned{}, fault.New(fault.Forbidden, "account_"+string(account.Status), "The account is %s.", account.Status)
		}
		plan, version, err := t.assignable(in, account)
		if err != nil {
			return Assigned{}, err
		}
		a := models.PlanAssignment{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, BillingAccountID: account.ID, Kind: plan.Kind,
			PlanVersionID: version.ID, SourceKind: in.SourceKind, SourceRef: in.SourceRef, Status: models.AssignmentScheduled,
			Timezone: account.Timezone, StartAt: now, EndAt: in.End, Version: 1, Times: models.At(now)}
		if in.Start != nil {
			a.StartAt = *in.Start
		}
		a.AnchorAt, a.EffectiveAt = a.StartAt, a.StartAt
		if err := checkWindow(a, now); err != nil {
			return Assigned{}, err
		}
		if account, err = t.fixCurrency(account, version.Terms, a.StartAt); err != nil {
			return Assigned{}, err
		}
		return t.begin(account, plan, version, a, now)
	})
}

func checkWindow(a models.PlanAssignment, now time.Time) error {
	if a.StartAt.Before(now) {
		return fault.At("/start_at", "window_invalid", "An assignment cannot start in the past; it is %s.", now.Format(time.RFC3339))
	}
	if a.EndAt != nil && !a.EndAt.After(a.StartAt) {
		return fault.At("/end_at", "window_invalid", "An assignment ends after it starts.")
	}
	return nil
}

func (t *tx) assignable(in NewAssignment, account models.BillingAccount) (models.Plan, models.PlanVersion, error) {
	plan, err := find[models.Plan](t, in.Plan)
	if err != nil {
		return plan, models.PlanVersion{}, err
	}
	if plan.PricingModelID != account.PricingModelID {
		return plan, models.PlanVersion{}, fault.At("/plan_code", "price_not_in_model", "The plan belongs to another pricing model than the account.")
	}
	if in.Version == nil {
		v, err := t.activeVersion(plan.ID)
		return plan, v, err
	}
	v, err := find[models.PlanVersion](t, *in.Version)
	if err == nil && (v.PlanID != plan.ID || v.Status != models.Active) {
		err = fault.New(fault.Conflict, "state_conflict", "Plan version %d is %s and cannot be assigned.", v.Number, v.Status)
	}
	return plan, v, err
}

// fixCurrency fixes the account's currency at its first priced assignment, and refuses terms that it could not be billed for.
func (t *tx) fixCurrency(a models.BillingAccount, terms models.PlanTerms, at time.Time) (models.BillingAccount, error) {
	if terms.Fee != nil {
		switch {
		case a.Currency == nil:
			a.Currency = &terms.Fee.Currency
			a.Version++
			if err := t.Save(&a).Error; err != nil {
				return a, err
			}
		case *a.Currency != terms.Fee.Currency:
			return a, fault.At("/plan_code", "currency_mismatch", "The account is billed in %s, the plan in %s.", *a.Currency, terms.Fee.Currency)
		}
	}
	for _, g := range terms.Grants {
		if g.Asset.IsCurrency() || a.Currency == nil {
			continue
		}
		if _, ok, err := t.creditValueAt(g.Asset, *a.Currency, at); err != nil {
			return a, err
		} else if !ok {
			return a, fault.At("/plan_code", "price_missing", "%s has no value in %s at the start.", g.Asset, *a.Currency)
		}
	}
	return a, nil
}

func (t *tx) begin(account models.BillingAccount, plan models.Plan, v models.PlanVersion, a models.PlanAssignment, now time.Time) (Assigned, error) {
	if err := t.Create(&a).Error; err != nil {
		return Assigned{}, err
	}
	if a.Kind == models.Base {
		if err := t.displaceFree(a, now); err != nil {
			return Assigned{}, err
		}
	} else if err := t.addPhase(a, a.StartAt, a.EndAt, now); err != nil {
		return Assigned{}, err
	}
	if err := t.bumpTerms(account.ID); err != nil {
		return Assigned{}, err
	}
	for _, rule := range v.Terms.Grants {
		if err := t.scheduleLot(a, v.Terms, rule, 0, now); err != nil {
			return Assigned{}, err
		}
		if err := t.send(t.startIssuance(account, plan, a, rule), now); err != nil {
			return Assigned{}, err
		}
	}
	op, err := t.beginOperation("plan_assignment.assign", a, keys.PlanAssignmentWorkflow(a.ID), now)
	if err != nil {
		return Assigned{}, err
	}
	if err := t.audit("plan_assignment.create", object{kind: "plan_assignment", prefix: keys.PlanAssignment, id: a.ID}, nil, a, now); err != nil {
		return Assigned{}, err
	}
	return Assigned{a, op}, t.send(t.startAssignment(account, plan, a), now)
}

// displaceFree cuts the free phase out of [start, end) of a base assignment, whose phase takes its place. What cannot be
// cut, because another base holds it, meets the exclusion constraint.
func (t *tx) displaceFree(a models.PlanAssignment, now time.Time) error {
	var free models.AssignmentPhase
	err := t.Joins("JOIN plan_assignments pa ON pa.realm_id = assignment_phases.realm_id AND pa.id = assignment_phases.assignment_id AND pa.is_free").
		Where("assignment_phases.billing_account_id = ? AND assignment_phases.start_at <= ? AND (assignment_phases.end_at IS NULL OR assignment_phases.end_at > ?)",
			a.BillingAccountID, a.StartAt, a.StartAt).Take(&free).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fault.New(fault.Conflict, "overlap_conflict", "Another base plan applies at the start.")
	}
	if err != nil {
		return err
	}
	rest := free.EndAt
	if free.StartAt.Equal(a.StartAt) {
		err = t.Delete(&free).Error
	} else {
		err = t.Model(&free).Update("end_at", a.StartAt).Error
	}
	if err != nil {
		return err
	}
	end := a.EndAt
	if end == nil || (rest != nil && rest.Before(*end)) {
		if rest != nil {
			return fault.New(fault.Conflict, "overlap_conflict", "Another base plan applies from %s.", rest.Format(time.RFC3339))
		}
		return t.addPhase(a, a.StartAt, nil, now)
	}
	if err := t.addPhase(a, a.StartAt, end, now); err != nil {
		return err
	}
	if rest != nil && rest.Equal(*end) {
		return nil
	}
	return t.fallBack(a.BillingAccountID, *end, rest, now)
}

// fallBack puts the account on its free plan for [start, end).
func (t *tx) fallBack(account uuid.UUID, start time.Time, end *time.Time, now time.Time) error {
	var free models.PlanAssignment
	if err := t.Where("billing_account_id = ? AND is_free", account).Take(&free).Error; err != nil {
		return err
	}
	return t.addPhase(free, start, end, now)
}

func (t *tx) bumpTerms(account uuid.UUID) error {
	return t.Model(&models.BillingAccount{}).Where("id = ?", account).
		Update("terms_version", gorm.Expr("terms_version + 1")).Error
}

func (t *tx) beginOperation(kind string, a models.PlanAssignment, workflow string, now time.Time) (models.Operation, error) {
	op := models.Operation{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, Kind: kind, Status: models.OperationRunning,
		WorkflowID: workflow, ResourceType: "plan_assignment", ResourceID: a.ID, BillingAccountID: &a.BillingAccountID, Times: models.At(now)}
	return op, t.Create(&op).Error
}

// FindOperation reads one operation.
func (s *Store) FindOperation(ctx context.Context, call Call, id uuid.UUID) (models.Operation, error) {
	return get[models.Operation](ctx, s, call, id)
}

// FindAssignment reads one assignment.
func (s *Store) FindAssignment(ctx context.Context, call Call, id uuid.UUID) (models.PlanAssignment, error) {
	return get[models.PlanAssignment](ctx, s, call, id)
}

// AssignmentFilter narrows a list of assignments; empty fields do not.
type AssignmentFilter struct {
	Account *uuid.UUID
	Status  models.AssignmentStatus
}

// ListAssignments reads a page of assignments.
func (s *Store) ListAssignments(ctx context.Context, call Call, page Page, f AssignmentFilter) ([]models.PlanAssignment, bool, error) {
	return list[models.PlanAssignment](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		if f.Account != nil {
			q = q.Where("billing_account_id = ?", *f.Account)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		return q
	})
}
