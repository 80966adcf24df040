package models

import (
	"time"

	"github.com/google/uuid"
)

// Mode separates realms with real money from those for trying things out.
type Mode string

// A test clock may exist only in a test realm.
const (
	Live Mode = "live"
	Test Mode = "test"
)

// Realm is the tenant boundary.
type Realm struct {
	ID             uuid.UUID `gorm:"type:uuid;primaryKey"`
	Code           string
	Name           string
	Mode           Mode
	Website        string
	Brand          map[string]string `gorm:"serializer:json;type:jsonb"`
	LateWindowSec  int64
	CatalogVersion int64
	SafetyBounds   SafetyBounds `gorm:"serializer:json;type:jsonb"`
	Version        int64
	Times
}

// LateWindow is how far back usage may lie and still be priced.
func (r Realm) LateWindow() time.Duration { return time.Duration(r.LateWindowSec) * time.Second }

// IdempotencyKey is the stored answer to a write that succeeded.
type IdempotencyKey struct {
	RealmID     uuid.UUID `gorm:"type:uuid;primaryKey"`
	Scope       string    `gorm:"primaryKey"`
	Key         string    `gorm:"primaryKey"`
	RequestHash []byte
	Status      int
	Headers     map[string]string `gorm:"serializer:json;type:jsonb"`
	Body        []byte
	ResourceID  *uuid.UUID `gorm:"type:uuid"`
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// AuditEntry says who changed what, in the transaction of the change.
type AuditEntry struct {
	Row
	Actor        string
	Action       string
	ObjectType   string
	ObjectID     string
	Before       any `gorm:"serializer:json;type:jsonb"`
	After        any `gorm:"serializer:json;type:jsonb"`
	RequestID    string
	Seq          int64      `gorm:"->"` // its place in the chain of its object; the database makes the links
	PreviousID   *uuid.UUID `gorm:"->;type:uuid"`
	PreviousHash []byte     `gorm:"->"`
	Hash         []byte     `gorm:"->"`
	Times
}

// AuditHead says how long the chain of one object's audit rows is. Only the database writes it.
type AuditHead struct {
	RealmID  uuid.UUID  `gorm:"type:uuid;primaryKey"`
	ObjectID string     `gorm:"primaryKey"`
	Seq      int64      `gorm:"->"`
	AuditID  *uuid.UUID `gorm:"->;type:uuid"`
	Hash     []byte     `gorm:"->"`
}

// TableName names the table after what it is, not after one of its rows.
func (AuditEntry) TableName() string { return "audit_log" }
