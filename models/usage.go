package models

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// LeaseStatus is where a lease is; it leaves active exactly once.
type LeaseStatus string

// Each end frees the lease's holds.
const (
	LeaseActive    LeaseStatus = "active"
	LeaseCommitted LeaseStatus = "committed"
	LeaseReleased  LeaseStatus = "released"
	LeaseExpired   LeaseStatus = "expired"
)

// Bound is how much of a meter a lease was given for.
type Bound struct {
	MeterID   uuid.UUID       `json:"meter_id"`
	MeterCode string          `json:"meter_code"`
	Quantity  decimal.Decimal `json:"quantity"`
}

// Lease is the right to do one piece of work; Holds is exactly what AccountFunds.Held carries for it.
type Lease struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	FeatureID        uuid.UUID `gorm:"type:uuid"`
	TokenHash        []byte
	Status           LeaseStatus
	Holds            []money.Amount `gorm:"serializer:json;type:jsonb"`
	Bounds           []Bound        `gorm:"serializer:json;type:jsonb"`
	ExpiresAt        time.Time
	ClosedAt         *time.Time
	Times
}

var leaseMoves = map[LeaseStatus][]LeaseStatus{
	LeaseActive: {LeaseCommitted, LeaseReleased, LeaseExpired},
}

// Close ends the lease.
func (l *Lease) Close(to LeaseStatus, now time.Time) error {
	if err := move("lease", leaseMoves, l.Status, to); err != nil {
		return err
	}
	l.Status, l.ClosedAt = to, &now
	return nil
}

// Authorization is one answered authorize.
type Authorization struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	BillingAccountID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Key              string    `gorm:"primaryKey"`
	RequestHash      []byte
	Decision         string
	Reason           string
	LeaseID          *uuid.UUID      `gorm:"type:uuid"`
	Response         json.RawMessage `gorm:"type:jsonb"`
	Times
}

// Commit is one answered commit of a lease.
type Commit struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	LeaseID          uuid.UUID `gorm:"type:uuid"`
	Key              string
	RequestHash      []byte
	Response         json.RawMessage `gorm:"type:jsonb"`
	Times
}

// EventStatus is what became of a usage event.
type EventStatus string

// Quarantined is not lost: it waits for a price or a person.
const (
	EventAccepted    EventStatus = "accepted"
	EventRated       EventStatus = "rated"
	EventSkipped     EventStatus = "skipped"
	EventFailed      EventStatus = "failed"
	EventQuarantined EventStatus = "quarantined"
)

// UsageEvent is a measured quantity; EffectiveAt is when it occurred.
type UsageEvent struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Key              string
	RequestHash      []byte
	FeatureID        *uuid.UUID `gorm:"type:uuid"`
	MeterID          uuid.UUID  `gorm:"type:uuid"`
	Quantity         decimal.Decimal
	Status           EventStatus
	Reason           string
	RatingID         *uuid.UUID        `gorm:"type:uuid"`
	Labels           map[string]string `gorm:"serializer:json;type:jsonb"`
	Times
}

// AsReported is the event as it was when its report was answered: skipped at once, or accepted and nothing more.
func (e UsageEvent) AsReported() UsageEvent {
	if e.Status != EventSkipped {
		e.Status, e.Reason, e.RatingID = EventAccepted, "", nil
	}
	return e
}

// QuarantineItem is usage that could not be priced or matched, kept until it can.
type QuarantineItem struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	SourceKind       SourceKind
	SourceID         uuid.UUID  `gorm:"type:uuid"`
	MeterID          *uuid.UUID `gorm:"type:uuid"`
	MeterCode        string
	Quantity         decimal.Decimal
	Reason           string
	Status           string
	Times
}

// TableName names the place, not the item.
func (QuarantineItem) TableName() string { return "quarantine" }
