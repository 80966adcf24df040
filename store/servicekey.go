package store

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const (
	keyLifetime = 365 * 24 * time.Hour
	noteUse     = time.Minute
)

// NewServiceKey is what a caller says about a key. Token fixes id and secret, for a demo whose keys are known; a nil Token
// draws them. Without ExpiresAt the key ends in a year; a realm of mode test may ask for one that Never does.
type NewServiceKey struct {
	Name      string
	Scopes    []string
	ExpiresAt *time.Time
	Never     bool
	Token     *keys.Token
	Pepper    []byte
}

// IssuedKey is a new key with its secret, which nothing can show again.
type IssuedKey struct {
	models.ServiceKey
	Token keys.Token
}

// CreateServiceKey makes a key of the realm. A replayed call has no secret to show.
func (s *Store) CreateServiceKey(ctx context.Context, call Call, in NewServiceKey) (IssuedKey, error) {
	fixed := in.Token
	if fixed == nil {
		drawn, err := keys.NewServiceKey(keys.ModeTest, models.NewID(), rand.Reader)
		if err != nil {
			return IssuedKey{}, err
		}
		fixed = &drawn
	}
	token := *fixed
	return decide(ctx, s, call, func(t *tx) (IssuedKey, error) {
		realm, err := find[models.Realm](t, t.call.Realm)
		if err != nil {
			return IssuedKey{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return IssuedKey{}, err
		}
		if err := checkServiceKey(in, realm, now); err != nil {
			return IssuedKey{}, err
		}
		token.Mode = string(realm.Mode)
		row := models.ServiceKey{Row: t.row(token.KeyID), Name: in.Name, KeyID: keys.Encode(keys.ServiceKey, token.KeyID),
			SecretHash: keys.HashSecret(in.Pepper, token.Secret), Last4: token.Secret[len(token.Secret)-4:], Scopes: in.Scopes,
			ExpiresAt: in.ExpiresAt, CreatedBy: t.call.Actor, Version: 1, Times: models.At(now)}
		if row.ExpiresAt == nil && !in.Never {
			end := now.Add(keyLifetime)
			row.ExpiresAt = &end
		}
		return IssuedKey{ServiceKey: row, Token: token}, t.insert(&row, object{"service_key", keys.ServiceKey, row.ID}, now)
	})
}

func checkServiceKey(in NewServiceKey, realm models.Realm, now time.Time) error {
	var f fields
	f.name("/name", in.Name)
	if len(in.Scopes) == 0 {
		f.at("/scopes", "required", "A key needs at least one scope.")
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.After(now) {
		f.at("/expires_at", "out_of_range", "A key must expire in the future.")
	}
	if in.Never && realm.Mode != models.Test {
		f.at("/expires_at", "required", "A key of a live realm must expire.")
	}
	return f.fault()
}

// ListServiceKeys gives a page of keys; their hashes stay here.
func (s *Store) ListServiceKeys(ctx context.Context, call Call, page Page) ([]models.ServiceKey, bool, error) {
	return list[models.ServiceKey](ctx, s, call, page, func(q *gorm.DB) *gorm.DB { return q.Omit("secret_hash") })
}

// RevokeServiceKey ends a key. Revoking it again changes nothing.
func (s *Store) RevokeServiceKey(ctx context.Context, call Call, id uuid.UUID) (models.ServiceKey, error) {
	return decide(ctx, s, call, func(t *tx) (models.ServiceKey, error) {
		row, err := lock[models.ServiceKey](t, id)
		if err != nil || row.RevokedAt != nil {
			return row, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return row, err
		}
		err = t.update("service_key.revoked", object{"service_key", keys.ServiceKey, id}, &row, func() error {
			row.RevokedAt = &now
			row.Version++
			return nil
		})
		return row, err
	})
}

// Principal is who a service key speaks for.
type Principal struct {
	RealmID   uuid.UUID
	RealmCode string
	Mode      models.Mode
	KeyID     uuid.UUID
	Actor     string // the key's name: it outlives a rotation
	Scopes    []string
}

var (
	errInvalidKey = fault.New(fault.Unauthenticated, "invalid_key", "There is no such service key.")
	errExpiredKey = fault.New(fault.Unauthenticated, "key_expired", "This service key has expired.")
	errRevokedKey = fault.New(fault.Unauthenticated, "key_revoked", "This service key was revoked.")
)

// Authenticate opens a realm by one of its keys. Whether the key exists shows neither in the answer nor in its timing: only
// who knows the secret learns that a key has expired or was revoked.
func (s *Store) Authenticate(ctx context.Context, keyID uuid.UUID, secret string, pepper []byte) (Principal, error) {
	realm, err := s.realmOfKey(ctx, keyID)
	if err != nil {
		return Principal{}, err
	}
	var out Principal
	err = s.within(ctx, Call{Realm: realm}, func(t *tx) error {
		key, exists, err := first[models.ServiceKey](t.Where("id = ?", keyID))
		if err != nil {
			return err
		}
		if !keys.SecretMatches(pepper, secret, key.SecretHash) || !exists {
			return errInvalidKey
		}
		home, err := find[models.Realm](t, realm)
		if err != nil {
			return err
		}
		now, err := t.databaseNow()
		if err != nil {
			return err
		}
		switch {
		case key.RevokedAt != nil:
			return errRevokedKey
		case key.ExpiresAt != nil && !now.Before(*key.ExpiresAt):
			return errExpiredKey
		}
		out = Principal{RealmID: realm, RealmCode: home.Code, Mode: home.Mode, KeyID: key.ID, Actor: key.Name, Scopes: key.Scopes}
		return t.noteUse(key, now)
	})
	return out, err
}

// realmOfKey finds a key's realm from outside. An unknown key gives a realm too, one that does not exist: the caller then
// takes the same steps as for a wrong secret.
func (s *Store) realmOfKey(ctx context.Context, keyID uuid.UUID) (uuid.UUID, error) {
	var found struct{ RealmID uuid.UUID }
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		return g.Model(&models.ServiceKey{}).Select("realm_id").Where("key_id = ?", keys.Encode(keys.ServiceKey, keyID)).Take(&found).Error
	})
	if fault.Is(err, "not_found") {
		return keyID, nil
	}
	return found.RealmID, err
}

// noteUse remembers roughly when a key was last used; exact would be a write for each request.
func (t *tx) noteUse(key models.ServiceKey, now time.Time) error {
	if key.LastUsedAt != nil && now.Sub(*key.LastUsedAt) < noteUse {
		return nil
	}
	return t.Exec("UPDATE service_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
		now, key.ID, now.Add(-noteUse)).Error
}
