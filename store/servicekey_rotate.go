package store

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// MaxOverlap is how long two secrets of a key may be valid side by side.
const MaxOverlap = 7 * 24 * time.Hour

// KeyRotation asks for a second secret of a key. Without ExpiresAt a key that had an end gets a year more; a key without one
// keeps none. Grantable refuses scopes that the caller could not give away: whoever gets the new secret gets them all.
type KeyRotation struct {
	KeyID     uuid.UUID
	Overlap   time.Duration
	ExpiresAt *time.Time
	Grantable func(scopes []string) error
	Pepper    []byte
}

// RotateServiceKey gives a key a new secret; the old one ends after the overlap, by the database's clock. A replayed call has no
// secret to show.
func (s *Store) RotateServiceKey(ctx context.Context, call Call, in KeyRotation) (IssuedKey, error) {
	token, err := keys.NewServiceKey(keys.ModeTest, in.KeyID, rand.Reader)
	if err != nil {
		return IssuedKey{}, err
	}
	return decide(ctx, s, call, func(t *tx) (IssuedKey, error) {
		row, err := t.changeKey(in.KeyID, "service_key.rotated", func(row *models.ServiceKey, now time.Time) error {
			var f fields
			f.future("/expires_at", in.ExpiresAt, now)
			if in.Overlap < 0 || in.Overlap > MaxOverlap {
				f.at("/overlap_seconds", "out_of_range", "Two secrets are valid side by side for seven days at most.")
			}
			if err := f.fault(); err != nil {
				return err
			}
			if err := in.Grantable(row.Scopes); err != nil {
				return err
			}
			end := in.ExpiresAt
			if end == nil && row.ExpiresAt != nil {
				year := now.Add(keyLifetime)
				end = &year
			}
			return row.Rotate(models.KeySecret{Hash: keys.HashSecret(in.Pepper, token.Secret), Last4: last4(token)}, in.Overlap, end, now)
		})
		if err != nil {
			return IssuedKey{}, err
		}
		realm, err := find[models.Realm](t, t.call.Realm)
		token.Mode = string(realm.Mode)
		return IssuedKey{ServiceKey: row, Token: token}, err
	})
}

// EndKeyRotation ends one of a key's two secrets at once.
func (s *Store) EndKeyRotation(ctx context.Context, call Call, id uuid.UUID, keepOld bool) (models.ServiceKey, error) {
	return decide(ctx, s, call, func(t *tx) (models.ServiceKey, error) {
		return t.changeKey(id, "service_key.rotation_ended", func(row *models.ServiceKey, now time.Time) error {
			return row.EndRotation(keepOld, now)
		})
	})
}

func (t *tx) changeKey(id uuid.UUID, action string, change func(*models.ServiceKey, time.Time) error) (models.ServiceKey, error) {
	row, err := lock[models.ServiceKey](t, id)
	if err != nil {
		return row, err
	}
	now, err := t.databaseNow()
	if err != nil {
		return row, err
	}
	err = t.update(action, object{kind: "service_key", prefix: keys.ServiceKey, id: id}, &row, func() error {
		row.Version++
		return change(&row, now)
	})
	return row, err
}
