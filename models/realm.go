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
	Version        int64
	Times
}

// LateWindow is how far back usage may lie and still be priced.
func (r Realm) LateWindow() time.Duration { return time.Duration(r.LateWindowSec) * time.Second }

// ServiceKey is a bearer secret of the realm's backend; only its hash is stored.
type ServiceKey struct {
	Row
	Name       string
	KeyID      string
	SecretHash []byte
	Last4      string
	Scopes     []string `gorm:"serializer:json;type:jsonb"`
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	LastUsedAt *time.Time
	CreatedBy  string
	Version    int64
	Times
}

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
	Actor      string
	Action     string
	ObjectType string
	ObjectID   string
	Before     any `gorm:"serializer:json;type:jsonb"`
	After      any `gorm:"serializer:json;type:jsonb"`
	RequestID  string
	Times
}

// TableName names the table after what it is, not after one of its rows.
func (AuditEntry) TableName() string { return "audit_log" }
