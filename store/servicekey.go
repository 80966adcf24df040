package store

import (
	"context"
	"crypto/rand"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const keyLifetime = 365 * 24 * time.Hour

// NewServiceKey is what a caller says about a key. Token fixes id and secret, for a demo whose keys are known; a nil Token
// draws them. Without ExpiresAt the key ends in a year; a realm of mode test may ask for one that Never does.
type NewServiceKey struct {
	Name      string
	Scopes    []string
	CIDRs     []string // networks that may use it; none: all
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
		if in.CIDRs == nil {
			in.CIDRs = []string{}
		}
		row := models.ServiceKey{Row: t.row(token.KeyID), Name: in.Name, KeyID: keys.Encode(keys.ServiceKey, token.KeyID),
			SecretHash: keys.HashSecret(in.Pepper, token.Secret), Last4: last4(token), Generation: 1, Scopes: in.Scopes,
			CIDRs: in.CIDRs, ExpiresAt: in.ExpiresAt, CreatedBy: t.call.Actor, Version: 1, Times: models.At(now)}
		if row.ExpiresAt == nil && !in.Never {
			end := now.Add(keyLifetime)
			row.ExpiresAt = &end
		}
		return IssuedKey{ServiceKey: row, Token: token}, t.insert(&row, object{kind: "service_key", prefix: keys.ServiceKey, id: row.ID}, now)
	})
}

func checkServiceKey(in NewServiceKey, realm models.Realm, now time.Time) error {
	var f fields
	f.name("/name", in.Name)
	if len(in.Scopes) == 0 {
		f.at("/scopes", "required", "A key needs at least one scope.")
	}
	for i, cidr := range in.CIDRs {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			f.at(pointer("/cidrs", i), "bad_format", "A network is an address and a length, such as 192.0.2.0/24.")
		}
	}
	f.future("/expires_at", in.ExpiresAt, now)
	if in.Never && realm.Mode != models.Test {
		f.at("/expires_at", "required", "A key of a live realm must expire.")
	}
	return f.fault()
}

func (f *fields) future(pointer string, end *time.Time, now time.Time) {
	if end != nil && !end.After(now) {
		f.at(pointer, "out_of_range", "A key must expire in the future.")
	}
}

func last4(token keys.Token) string { return token.Secret[len(token.Secret)-4:] }

// ListServiceKeys gives a page of keys; their hashes stay here.
func (s *Store) ListServiceKeys(ctx context.Context, call Call, page Page) ([]models.ServiceKey, bool, error) {
	return list[models.ServiceKey](ctx, s, call, page, func(q *gorm.DB) *gorm.DB { return q.Omit("secret_hash", "retiring_hash") })
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
		err = t.update("service_key.revoked", object{kind: "service_key", prefix: keys.ServiceKey, id: id}, &row, func() error {
			row.RevokedAt = &now
			row.Version++
			return nil
		})
		return row, err
	})
}
