// Package models owns the facts: each struct is a row, and its methods are the legal transitions of its status.
//
// Invariants: every row carries its realm; effective_at says when a fact counts, recorded_at when we learned it; a status
// changes only through a method here, by the entity's own table. The package refuses queries, locks and clocks (store),
// amounts and dates that have to be computed (billing), and the shapes of the API. It carries GORM tags and never imports
// GORM; rows do not cross a workflow boundary.
package models

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
)

// Row is what every tenant row begins with.
type Row struct {
	RealmID uuid.UUID `gorm:"type:uuid;primaryKey"`
	ID      uuid.UUID `gorm:"type:uuid;primaryKey"`
}

// Times are the two times of a fact: when it counts, and when it was recorded, both on the account's clock.
type Times struct {
	EffectiveAt time.Time `gorm:"not null"`
	RecordedAt  time.Time `gorm:"not null"`
}

// At makes Times for a fact that counts from the moment it is recorded.
func At(now time.Time) Times { return Times{EffectiveAt: now, RecordedAt: now} }

// NewID gives a time-ordered id for a row that no business key derives.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// move is the one guard of every transition table.
func move[S ~string](entity string, table map[S][]S, from, to S) error {
	if !slices.Contains(table[from], to) {
		return fault.New(fault.Conflict, "state_conflict", "%s is %s and cannot become %s.", entity, from, to)
	}
	return nil
}
