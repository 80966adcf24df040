package models

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// OperationStatus is how far an asynchronous write has come.
type OperationStatus string

// An operation leaves running once.
const (
	OperationRunning   OperationStatus = "running"
	OperationSucceeded OperationStatus = "succeeded"
	OperationFailed    OperationStatus = "failed"
	OperationCanceled  OperationStatus = "canceled"
)

// Operation lets a caller follow work that a workflow carries on.
type Operation struct {
	Row
	Kind             string
	Status           OperationStatus
	WorkflowID       string
	ResourceType     string
	ResourceID       uuid.UUID  `gorm:"type:uuid"`
	BillingAccountID *uuid.UUID `gorm:"type:uuid"`
	FaultCode        string
	FaultDetail      string
	Times
	FinishedAt *time.Time
}

var operationMoves = map[OperationStatus][]OperationStatus{
	OperationRunning: {OperationSucceeded, OperationFailed, OperationCanceled},
}

// Finish ends the operation.
func (o *Operation) Finish(to OperationStatus, now time.Time) error {
	if err := move("operation", operationMoves, o.Status, to); err != nil {
		return err
	}
	o.Status, o.FinishedAt = to, &now
	return nil
}

// OutboxKind is what the relay does with a row.
type OutboxKind string

// A start is idempotent by workflow id; a signal carries no data, its receiver re-reads the rows.
const (
	OutboxStart  OutboxKind = "start"
	OutboxSignal OutboxKind = "signal"
)

// Outbox is one message for Temporal, written with the fact it announces.
type Outbox struct {
	Row
	Kind             OutboxKind
	WorkflowType     string
	WorkflowID       string
	BillingAccountID *uuid.UUID      `gorm:"type:uuid"`
	Payload          json.RawMessage `gorm:"type:jsonb"`
	Summary          string
	Status           string // BillingStatus search attribute at start
	Traceparent      string // of the request or activity that decided it; empty when nothing is traced
	Attempts         int
	LastError        string
	Times
	PublishedAt *time.Time
}

// TableName is singular: one outbox per realm.
func (Outbox) TableName() string { return "outbox" }

// Topic says which poller a dispatch row is for.
type Topic string

// One poller each: the relay, event rating and settlement.
const (
	TopicOutbox     Topic = "outbox"
	TopicRating     Topic = "rating"
	TopicSettlement Topic = "settlement"
)

// Dispatch is work that a poller finds across realms; it holds ids only.
type Dispatch struct {
	RealmID          uuid.UUID  `gorm:"type:uuid;primaryKey"`
	Topic            Topic      `gorm:"primaryKey"`
	ID               uuid.UUID  `gorm:"type:uuid;primaryKey"`
	BillingAccountID *uuid.UUID `gorm:"type:uuid"`
	Shard            int
	DueAt            time.Time `gorm:"default:clock_timestamp()"`
	Attempts         int
}

// TableName is singular, as the outbox's.
func (Dispatch) TableName() string { return "dispatch" }
