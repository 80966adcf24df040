package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewAccount is a payer to be: PrincipalID is the caller's own id for it, mapped for ever.
type NewAccount struct {
	PrincipalID  string
	Name         string
	Email        string
	PricingModel *uuid.UUID // the default one when nil
	Timezone     string
	Currency     *money.Asset
	TestClock    *uuid.UUID
}

// CreateAccount makes the account and, in the same transaction, the free phase it stands on until something else applies.
func (s *Store) CreateAccount(ctx context.Context, call Call, in NewAccount) (models.BillingAccount, error) {
	if err := in.check(); err != nil {
		return models.BillingAccount{}, err
	}
	return decide(ctx, s, call, func(t *tx) (models.BillingAccount, error) {
		a := models.BillingAccount{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, PrincipalID: in.PrincipalID, Name: in.Name,
			Email: in.Email, Timezone: in.Timezone, Currency: in.Currency, Status: models.AccountActive, BillingMode: models.SaaS,
			TestClockID: in.TestClock, TermsVersion: 1, Version: 1}
		model, err := t.modelFor(in.PricingModel)
		if err != nil {
			return a, err
		}
		a.PricingModelID = model.ID
		if err := t.onClock(in.TestClock); err != nil {
			return a, err
		}
		now, err := t.accountNow(a)
		if err != nil {
			return a, err
		}
		a.Times = models.At(now)
		if err := t.Create(&a).Error; err != nil {
			return a, err
		}
		if err := t.assignFree(a, model, now); err != nil {
			return a, err
		}
		return a, t.audit("billing_account.create", object{kind: "billing_account", prefix: keys.BillingAccount, id: a.ID}, nil, a, now)
	})
}

// onClock refuses a clock that is deleted, and keeps it from being until the new account can be seen on it.
func (t *tx) onClock(id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	c, err := t.lockClock(*id, "SHARE")
	if err == nil && c.Status == models.ClockDeleted {
		err = fault.New(fault.Conflict, "state_conflict", "The test clock is deleted.")
	}
	return err
}

func (in NewAccount) check() error {
	var f fields
	if in.PrincipalID == "" {
		f.at("/principal_id", "required", "A principal is required.")
	}
	if _, err := calendar.LoadZone(in.Timezone); err != nil {
		f.at("/timezone", "bad_format", "It must be a time zone of the IANA database, such as Europe/Berlin.")
	}
	if in.Currency != nil && !in.Currency.IsCurrency() {
		f.at("/currency", "bad_format", "It must be an ISO 4217 currency.")
	}
	return f.fault()
}

func (t *tx) modelFor(id *uuid.UUID) (models.PricingModel, error) {
	if id != nil {
		return find[models.PricingModel](t, *id)
	}
	m, exists, err := first[models.PricingModel](t.Where("is_default"))
	if err == nil && !exists {
		err = fault.At("/pricing_model", "required", "The realm has no default pricing model; name one.")
	}
	return m, err
}

// assignFree puts the account on its model's free plan from now on: a row, and no workflow.
func (t *tx) assignFree(a models.BillingAccount, model models.PricingModel, now time.Time) error {
	if model.FreePlanID == nil {
		return fault.New(fault.Conflict, "state_conflict", "The pricing model %s has no free plan yet.", model.Code)
	}
	v, err := t.activeVersion(*model.FreePlanID)
	if err != nil {
		return err
	}
	free := models.PlanAssignment{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: a.ID, Kind: models.Base,
		IsFree: true, PlanVersionID: v.ID, SourceKind: "free", SourceRef: keys.Encode(keys.BillingAccount, a.ID),
		Status: models.AssignmentActive, AnchorAt: now, Timezone: a.Timezone, StartAt: now, Version: 1, Times: models.At(now)}
	if err := t.Create(&free).Error; err != nil {
		return err
	}
	return t.addPhase(free, now, nil, now)
}

func (t *tx) addPhase(a models.PlanAssignment, start time.Time, end *time.Time, now time.Time) error {
	return t.Create(&models.AssignmentPhase{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, AssignmentID: a.ID,
		BillingAccountID: a.BillingAccountID, Kind: a.Kind, PlanVersionID: a.PlanVersionID, Quantity: decimal.NewFromInt(1),
		StartAt: start, EndAt: end, Times: models.Times{EffectiveAt: start, RecordedAt: now}}).Error
}

// activeVersion is the plan's one assignable version.
func (t *tx) activeVersion(plan uuid.UUID) (models.PlanVersion, error) {
	v, exists, err := first[models.PlanVersion](t.Where("plan_id = ? AND status = ?", plan, models.Active))
	if err == nil && !exists {
		err = fault.New(fault.Conflict, "state_conflict", "The plan has no active version.")
	}
	return v, err
}

// FindAccount reads one account.
func (s *Store) FindAccount(ctx context.Context, call Call, id uuid.UUID) (models.BillingAccount, error) {
	return get[models.BillingAccount](ctx, s, call, id)
}

// FindPrincipal reads the account of a principal.
func (s *Store) FindPrincipal(ctx context.Context, call Call, principal string) (models.BillingAccount, error) {
	var a models.BillingAccount
	err := s.read(ctx, call, func(t *tx) error { return t.Where("principal_id = ?", principal).Take(&a).Error })
	return a, err
}

// AccountFilter narrows a list of accounts; empty fields do not.
type AccountFilter struct {
	PrincipalID string
	Status      models.AccountStatus
}

// ListAccounts reads a page of accounts.
func (s *Store) ListAccounts(ctx context.Context, call Call, page Page, f AccountFilter) ([]models.BillingAccount, bool, error) {
	return list[models.BillingAccount](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		if f.PrincipalID != "" {
			q = q.Where("principal_id = ?", f.PrincipalID)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		return q
	})
}

// ParkAccount stops an account because something about its money is not right; an operator un-parks it.
func (s *Store) ParkAccount(ctx context.Context, call Call, id uuid.UUID, reason string) error {
	return s.within(ctx, call, func(t *tx) error {
		a, now, err := t.lockAccount(id)
		if err != nil {
			return err
		}
		return t.park(a, reason, now)
	})
}

func (t *tx) park(a models.BillingAccount, reason string, now time.Time) error {
	before := a
	if err := a.Park(reason); err != nil || a.Version == before.Version {
		return err
	}
	if err := t.Save(&a).Error; err != nil {
		return err
	}
	t.parks++
	return t.audit("billing_account.park", object{kind: "billing_account", prefix: keys.BillingAccount, id: a.ID}, before, a, now)
}
