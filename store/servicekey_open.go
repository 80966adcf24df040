package store

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const noteUse = time.Minute

// Principal is who a service key speaks for.
type Principal struct {
	RealmID   uuid.UUID
	RealmCode string
	Mode      models.Mode
	KeyID     uuid.UUID
	Actor     string // the key's name: it outlives a rotation
	Scopes    []string
	Networks  []netip.Prefix // from which the key may be used; none: all
}

var (
	errInvalidKey = fault.New(fault.Unauthenticated, "invalid_key", "There is no such service key.")
	errRetired    = fault.New(fault.Unauthenticated, "key_expired", "This secret was replaced by a rotation of its key.")
	errExpiredKey = fault.New(fault.Unauthenticated, "key_expired", "This service key has expired.")
	errRevokedKey = fault.New(fault.Unauthenticated, "key_revoked", "This service key was revoked.")
)

// Authenticate opens a realm by one of its keys. Whether the key exists shows neither in the answer nor in its timing: only
// who knows a secret of it learns that it has ended.
func (s *Store) Authenticate(ctx context.Context, keyID uuid.UUID, secret string, pepper []byte) (Principal, error) {
	p, _, err := s.open(ctx, keyID, secret, pepper)
	return p, err
}

// open is Authenticate, and says for how long the secret will open the key if nobody ends it.
func (s *Store) open(ctx context.Context, keyID uuid.UUID, secret string, pepper []byte) (Principal, time.Duration, error) {
	realm, err := s.realmOfKey(ctx, keyID)
	if err != nil {
		return Principal{}, 0, err
	}
	var out Principal
	var left time.Duration
	err = s.within(ctx, Call{Realm: realm}, func(t *tx) error {
		key, exists, err := first[models.ServiceKey](t.Where("id = ?", keyID))
		if err != nil {
			return err
		}
		// Both are compared whatever the first says: the same work for every caller.
		current, retiring := keys.SecretMatches(pepper, secret, key.SecretHash), keys.SecretMatches(pepper, secret, key.RetiringHash)
		if !exists || !current && !retiring {
			return errInvalidKey
		}
		now, err := t.databaseNow()
		if err != nil {
			return err
		}
		switch {
		case key.RevokedAt != nil:
			return errRevokedKey
		case key.Expired(now):
			return errExpiredKey
		case !current && !key.Retiring(now):
			return errRetired
		}
		left = lifeLeft(key, current, now)
		home, err := find[models.Realm](t, realm)
		if err != nil {
			return err
		}
		out = Principal{RealmID: realm, RealmCode: home.Code, Mode: home.Mode, KeyID: key.ID, Actor: key.Name, Scopes: key.Scopes}
		if out.Networks, err = networks(key.CIDRs); err != nil {
			return err
		}
		return t.noteUse(key, now)
	})
	return out, left, err
}

// lifeLeft is how long a secret opens its key from now on; a key without an end is good for a year at a time.
func lifeLeft(key models.ServiceKey, current bool, now time.Time) time.Duration {
	left := keyLifetime
	if key.ExpiresAt != nil {
		left = min(left, key.ExpiresAt.Sub(now))
	}
	if !current {
		left = min(left, key.RetiringUntil.Sub(now))
	}
	return left
}

func networks(cidrs []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, cidr := range cidrs {
		network, err := netip.ParsePrefix(cidr)
		if err != nil {
			return nil, err
		}
		out = append(out, network)
	}
	return out, nil
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
