package models

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

// PricingModel groups what an account can be put on; its free plan is the null state of its accounts.
type PricingModel struct {
	Row
	Code       string
	Name       string
	IsDefault  bool
	FreePlanID *uuid.UUID `gorm:"type:uuid"`
	Version    int64
	Times
}

// FeatureFamily is a group of features.
type FeatureFamily struct {
	Row
	Code    string
	Name    string
	Version int64
	Times
}

// Meter measures one unit.
type Meter struct {
	Row
	Code        string
	Name        string
	Unit        string
	Aggregation metering.Aggregation
	Version     int64
	Times
}

// FeatureKind is what a feature is for.
type FeatureKind string

// Toggle features open access.
const Toggle FeatureKind = "toggle"

// Feature is what a plan allows and a lease is for.
type Feature struct {
	Row
	Code     string
	Name     string
	Kind     FeatureKind
	FamilyID *uuid.UUID `gorm:"type:uuid"`
	Version  int64
	Times
}

// FeatureMeter says that a feature's work is measured by a meter.
type FeatureMeter struct {
	RealmID   uuid.UUID `gorm:"type:uuid;primaryKey"`
	FeatureID uuid.UUID `gorm:"type:uuid;primaryKey"`
	MeterID   uuid.UUID `gorm:"type:uuid;primaryKey"`
}

// CreditType is an asset of the realm's own; its fiat value is dated data.
type CreditType struct {
	Row
	Code    money.Asset
	Name    string
	Scale   int32
	Version int64
	Times
}

// CreditValue is what one credit is worth in a currency, from EffectiveAt until the next row.
type CreditValue struct {
	Row
	CreditTypeID uuid.UUID `gorm:"type:uuid"`
	Currency     money.Asset
	Value        decimal.Decimal
	Times
}

// MeterPrice is what a meter's unit costs in an asset, from EffectiveAt until the next row. It is never edited.
type MeterPrice struct {
	Row
	MeterID uuid.UUID `gorm:"type:uuid"`
	Asset   money.Asset
	Terms   pricing.Price `gorm:"serializer:json;type:jsonb"`
	Times
}
