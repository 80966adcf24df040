package models

import (
	"time"

	"github.com/durabill/durabill/fault"
)

// ServiceKey is a bearer key of the realm's backend; only hashes of its secrets are stored. While it is rotated two secrets
// open it: the current one, and the retiring one until its time.
type ServiceKey struct {
	Row
	Name          string
	KeyID         string
	SecretHash    []byte
	Last4         string
	Generation    int64
	RetiringHash  []byte
	RetiringLast4 string
	RetiringUntil *time.Time
	Scopes        []string `gorm:"serializer:json;type:jsonb"`
	CIDRs         []string `gorm:"column:cidrs;serializer:json;type:jsonb"`
	ExpiresAt     *time.Time
	RevokedAt     *time.Time
	LastUsedAt    *time.Time
	CreatedBy     string
	Version       int64
	Times
}

// KeySecret is what is kept of a secret.
type KeySecret struct {
	Hash  []byte
	Last4 string
}

// Expired says whether the key's end has come.
func (k *ServiceKey) Expired(now time.Time) bool {
	return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt)
}

// Retiring says whether the secret before the current one still opens the key.
func (k *ServiceKey) Retiring(now time.Time) bool {
	return k.RetiringUntil != nil && now.Before(*k.RetiringUntil)
}

// Rotate puts a new secret in force and lets the one before it end after overlap, or with the key's old end if that is sooner.
// A third secret has no place: which of the two is in use is not ours to guess.
func (k *ServiceKey) Rotate(secret KeySecret, overlap time.Duration, expiresAt *time.Time, now time.Time) error {
	switch {
	case k.RevokedAt != nil:
		return fault.New(fault.Conflict, "state_conflict", "The key was revoked.")
	case k.Expired(now):
		return fault.New(fault.Conflict, "state_conflict", "The key has expired; make a new one.")
	case k.Retiring(now):
		return fault.New(fault.Conflict, "state_conflict", "Two secrets open this key already; end its rotation first.")
	}
	until := now.Add(overlap)
	if k.ExpiresAt != nil && k.ExpiresAt.Before(until) {
		until = *k.ExpiresAt
	}
	k.RetiringHash, k.RetiringLast4, k.RetiringUntil = k.SecretHash, k.Last4, &until
	k.SecretHash, k.Last4, k.ExpiresAt = secret.Hash, secret.Last4, expiresAt
	k.Generation++
	return nil
}

// EndRotation ends one of two secrets at once: the old one, or the new one when it was lost on the way to its caller.
func (k *ServiceKey) EndRotation(keepOld bool, now time.Time) error {
	if k.RevokedAt != nil || !k.Retiring(now) {
		return fault.New(fault.Conflict, "state_conflict", "The key is not being rotated.")
	}
	if keepOld {
		k.SecretHash, k.Last4 = k.RetiringHash, k.RetiringLast4
		k.RetiringHash, k.RetiringLast4, k.RetiringUntil = nil, "", nil
		return nil
	}
	k.RetiringUntil = &now
	return nil
}
