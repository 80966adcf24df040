package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
)

// PlanKind says how assignments of a plan may stand beside each other.
type PlanKind string

// An account has exactly one base at any instant; add-ons and promos overlap freely.
const (
	Base  PlanKind = "base"
	Addon PlanKind = "addon"
	Promo PlanKind = "promo"
)

// Plan is a named set of commercial terms, versioned.
type Plan struct {
	Row
	PricingModelID uuid.UUID `gorm:"type:uuid"`
	Code           string
	Name           string
	Kind           PlanKind
	Rank           int
	Version        int64
	Times
}

// Collection says who gets an invoice paid.
type Collection string

// Only stripe is pushed by us; none keeps statements without collecting.
const (
	CollectStripe Collection = "stripe"
	CollectManual Collection = "manual"
	CollectExport Collection = "export"
	CollectNone   Collection = "none"
)

// Fee is charged in advance for each period.
type Fee struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency money.Asset     `json:"currency"`
}

// Expiry says when the lots of a grant rule end.
type Expiry string

// Lots end with their period, or never.
const (
	ExpiresPeriodEnd Expiry = "period_end"
	ExpiresNever     Expiry = "never"
)

// GrantRule gives credits each period.
type GrantRule struct {
	Code        string          `json:"code"`
	Asset       money.Asset     `json:"asset"`
	Amount      decimal.Decimal `json:"amount"`
	Expires     Expiry          `json:"expires"`
	Priority    int             `json:"priority"`
	Promotional bool            `json:"promotional"`
}

// PlanTerms is what a plan version promises. Version is the shape's own number, so that stored terms stay readable.
type PlanTerms struct {
	Version      int              `json:"version"`
	Cadence      calendar.Cadence `json:"cadence"`
	Fee          *Fee             `json:"fee,omitempty"`
	Grants       []GrantRule      `json:"grants"`
	OverageMode  gate.OverageMode `json:"overage_mode"`
	GraceSeconds int64            `json:"grace_seconds"`
	Collection   Collection       `json:"collection"`
}

// Grace is how long after a period's end its late usage still belongs to it.
func (t PlanTerms) Grace() time.Duration { return time.Duration(t.GraceSeconds) * time.Second }

// HasWork reports whether an assignment of these terms has periods to turn: a fee or recurring grants.
func (t PlanTerms) HasWork() bool { return t.Fee != nil || len(t.Grants) > 0 }

// LifecycleStatus is S5's object lifecycle.
type LifecycleStatus string

// Drafts change and go; active versions are immutable; deprecated ones serve whom they serve; archived ones rest.
const (
	Draft      LifecycleStatus = "draft"
	Active     LifecycleStatus = "active"
	Deprecated LifecycleStatus = "deprecated"
	Archived   LifecycleStatus = "archived"
)

var lifecycleMoves = map[LifecycleStatus][]LifecycleStatus{
	Draft:      {Active, Archived},
	Active:     {Deprecated},
	Deprecated: {Archived},
}

// PlanVersion is one edition of a plan's terms.
type PlanVersion struct {
	Row
	PlanID      uuid.UUID `gorm:"type:uuid"`
	Number      int
	Status      LifecycleStatus
	Terms       PlanTerms `gorm:"serializer:json;type:jsonb"`
	PublishedAt *time.Time
	Version     int64
	Times
}

// Publish makes the version assignable and its terms immutable.
func (v *PlanVersion) Publish(now time.Time) error {
	if err := move("plan version", lifecycleMoves, v.Status, Active); err != nil {
		return err
	}
	v.Status, v.PublishedAt = Active, &now
	v.Version++
	return nil
}

// Deprecate closes the version to new assignments.
func (v *PlanVersion) Deprecate() error {
	if err := move("plan version", lifecycleMoves, v.Status, Deprecated); err != nil {
		return err
	}
	v.Status = Deprecated
	v.Version++
	return nil
}

// PlanVersionEntitlement allows a feature under a plan version.
type PlanVersionEntitlement struct {
	RealmID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	PlanVersionID uuid.UUID `gorm:"type:uuid;primaryKey"`
	FeatureID     uuid.UUID `gorm:"type:uuid;primaryKey"`
}
