package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// SourceKind is what a rating was made from.
type SourceKind string

// A commit of a lease, or a usage event.
const (
	FromCommit SourceKind = "commit"
	FromUsage  SourceKind = "usage"
)

// RatingKind is what a rating means for the books.
type RatingKind string

// Waived ratings owe nothing and are never settled.
const (
	Billed     RatingKind = "billed"
	Waived     RatingKind = "waived"
	Adjustment RatingKind = "adjustment"
	Reversal   RatingKind = "reversal"
	Shadow     RatingKind = "shadow"
)

// RatingCounter is how much of a meter was used at one price in one period.
type RatingCounter struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	BillingAccountID uuid.UUID `gorm:"type:uuid;primaryKey"`
	MeterID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	PriceID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	PeriodStart      time.Time `gorm:"primaryKey"`
	Quantity         decimal.Decimal
}

// Rating is the billable decision: what a quantity cost, by which price, and who owns it. It is never edited.
type Rating struct {
	Row
	BillingAccountID uuid.UUID  `gorm:"type:uuid"`
	AssignmentID     *uuid.UUID `gorm:"type:uuid"`
	PhaseID          *uuid.UUID `gorm:"type:uuid"`
	PlanVersionID    *uuid.UUID `gorm:"type:uuid"`
	PeriodStart      time.Time
	PeriodEnd        *time.Time
	FeatureID        *uuid.UUID `gorm:"type:uuid"`
	MeterID          uuid.UUID  `gorm:"type:uuid"`
	PriceID          uuid.UUID  `gorm:"type:uuid"`
	PriceSource      string
	CreditValueID    *uuid.UUID `gorm:"type:uuid"`
	Kind             RatingKind
	SourceKind       SourceKind
	SourceID         uuid.UUID       `gorm:"type:uuid"`
	Before           decimal.Decimal // counter before this quantity
	Quantity         decimal.Decimal
	Asset            money.Asset
	Amount           decimal.Decimal // exact, in Asset
	Covered          decimal.Decimal // part paid from lots, in Asset
	Overage          decimal.Decimal // part beyond lots, in Asset
	Currency         money.Asset
	OverageFiat      decimal.Decimal // Overage in Currency
	Times
}

// AllocationKind says who pays a part of a rating.
type AllocationKind string

// A lot, or the account itself.
const (
	AllocationLot     AllocationKind = "lot"
	AllocationOverage AllocationKind = "overage"
)

// Allocation is one part of a rating's amount and what pays it.
type Allocation struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	RatingID         uuid.UUID `gorm:"type:uuid;primaryKey"`
	Seq              int       `gorm:"primaryKey"`
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Kind             AllocationKind
	LotID            *uuid.UUID `gorm:"type:uuid"`
	Asset            money.Asset
	Amount           decimal.Decimal
	Currency         money.Asset
	Fiat             decimal.Decimal // overage: what is owed; lot: its paid cost
	Times
}

// Settlement says that a rating is in the ledger.
type Settlement struct {
	RealmID             uuid.UUID  `gorm:"type:uuid;primaryKey"`
	RatingID            uuid.UUID  `gorm:"type:uuid;primaryKey"`
	LedgerTransactionID *uuid.UUID `gorm:"type:uuid"` // nil: zero, or below the ledger's scale and carried on
	BillingAccountID    uuid.UUID  `gorm:"type:uuid"`
	Times
}
