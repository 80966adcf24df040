package models

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// LedgerTransaction is one business event in the books. OperationKey makes it happen once.
type LedgerTransaction struct {
	Row
	OperationKey     string
	Kind             string
	BillingAccountID *uuid.UUID `gorm:"type:uuid"`
	Seq              *int64
	PreviousHash     []byte
	Hash             []byte
	SourceType       string
	SourceID         string
	ReversesID       *uuid.UUID `gorm:"type:uuid"`
	WorkflowID       string
	RunID            string
	Times
}

// LedgerEntry is one side of a transaction: debit positive, scale 9.
type LedgerEntry struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	TransactionID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	Seq              int       `gorm:"primaryKey"`
	Account          string
	BillingAccountID *uuid.UUID `gorm:"type:uuid"`
	Asset            money.Asset
	Amount           decimal.Decimal
	Times
}

// LedgerBalance is the sum of an owned account's entries; Version counts them.
type LedgerBalance struct {
	RealmID          uuid.UUID   `gorm:"type:uuid;primaryKey"`
	Account          string      `gorm:"primaryKey"`
	Asset            money.Asset `gorm:"primaryKey"`
	BillingAccountID uuid.UUID   `gorm:"type:uuid"`
	Balance          decimal.Decimal
	Version          int64
}

// LedgerHead is the tip of an account's hash chain.
type LedgerHead struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	BillingAccountID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Seq              int64
	Hash             []byte
}

// LedgerExactSum keeps the exact sum behind entries of scale 9, so that rounding telescopes instead of adding up.
type LedgerExactSum struct {
	RealmID          uuid.UUID   `gorm:"type:uuid;primaryKey"`
	BillingAccountID uuid.UUID   `gorm:"type:uuid;primaryKey"`
	Bucket           string      `gorm:"primaryKey"` // wallet, cost, unbilled, billed
	Asset            money.Asset `gorm:"primaryKey"`
	Exact            decimal.Decimal
}
