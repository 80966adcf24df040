package models

import (
	"time"

	"github.com/google/uuid"
)

// ClockStatus is what a test clock is doing.
type ClockStatus string

// Blocked means that something did not come to rest in time; BlockedOn says what.
const (
	ClockReady     ClockStatus = "ready"
	ClockAdvancing ClockStatus = "advancing"
	ClockBlocked   ClockStatus = "blocked"
	ClockDeleted   ClockStatus = "deleted"
)

// TestClock moves time for the accounts created on it.
type TestClock struct {
	Row
	Name      string
	NowAt     time.Time
	TargetAt  time.Time
	Status    ClockStatus
	BlockedOn []string `gorm:"serializer:json;type:jsonb"`
	Version   int64
	Times
}

var clockMoves = map[ClockStatus][]ClockStatus{
	ClockReady:     {ClockAdvancing, ClockDeleted},
	ClockAdvancing: {ClockReady, ClockBlocked},
	ClockBlocked:   {ClockAdvancing, ClockDeleted},
}

// To moves the clock's status.
func (c *TestClock) To(s ClockStatus) error {
	if err := move("test clock", clockMoves, c.Status, s); err != nil {
		return err
	}
	c.Status = s
	c.Version++
	return nil
}

// Reach moves the clock's now.
func (c *TestClock) Reach(now time.Time) {
	if !now.Equal(c.NowAt) {
		c.NowAt = now
		c.Version++
	}
}

// WaitStatus is what a workflow of an account on a clock is doing.
type WaitStatus string

// Waiting: until DueAt. Released: the clock has reached it. Running: at work.
const (
	WaitWaiting  WaitStatus = "waiting"
	WaitReleased WaitStatus = "released"
	WaitRunning  WaitStatus = "running"
)

// Wait is the one row of a workflow that lives on a test clock.
type Wait struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	WorkflowID       string    `gorm:"primaryKey"`
	ClockID          uuid.UUID `gorm:"type:uuid"`
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	DueAt            *time.Time
	Status           WaitStatus
	Times
}
