package store

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/models"
)

const (
	trustKey = 5 * time.Second // how late a revocation may be noticed by another process
	ringSize = 10_000
)

// KeyRing answers Authenticate from memory for a few seconds, so that a key in steady use costs no query. It remembers
// successes only, by a hash of what was presented.
type KeyRing struct {
	store  *Store
	pepper []byte

	mu      sync.Mutex
	trusted map[[sha256.Size]byte]trust
}

type trust struct {
	principal Principal
	until     time.Time
}

// NewKeyRing makes a ring for keys hashed with this pepper.
func NewKeyRing(s *Store, pepper []byte) *KeyRing {
	return &KeyRing{store: s, pepper: pepper, trusted: map[[sha256.Size]byte]trust{}}
}

// Authenticate is Store.Authenticate, remembered.
func (r *KeyRing) Authenticate(ctx context.Context, keyID uuid.UUID, secret string) (Principal, error) {
	presented := sha256.Sum256(append(keyID[:], secret...))
	if p, ok := r.recall(presented, time.Now()); ok {
		return p, nil
	}
	asked := time.Now()
	p, left, err := r.store.open(ctx, keyID, secret, r.pepper)
	if err != nil {
		return Principal{}, err
	}
	r.remember(presented, trust{principal: p, until: asked.Add(min(trustKey, left))}) // an end that is known is kept
	return p, nil
}

// Issue is Store.CreateServiceKey under the ring's pepper.
func (r *KeyRing) Issue(ctx context.Context, call Call, in NewServiceKey) (IssuedKey, error) {
	in.Pepper = r.pepper
	return r.store.CreateServiceKey(ctx, call, in)
}

// Rotate is Store.RotateServiceKey under the ring's pepper.
func (r *KeyRing) Rotate(ctx context.Context, call Call, in KeyRotation) (IssuedKey, error) {
	in.Pepper = r.pepper
	key, err := r.store.RotateServiceKey(ctx, call, in)
	r.Forget()
	return key, err
}

// EndRotation is Store.EndKeyRotation; this process notices at once.
func (r *KeyRing) EndRotation(ctx context.Context, call Call, id uuid.UUID, keepOld bool) (models.ServiceKey, error) {
	key, err := r.store.EndKeyRotation(ctx, call, id, keepOld)
	r.Forget()
	return key, err
}

// Revoke is Store.RevokeServiceKey; this process notices at once.
func (r *KeyRing) Revoke(ctx context.Context, call Call, id uuid.UUID) (models.ServiceKey, error) {
	key, err := r.store.RevokeServiceKey(ctx, call, id)
	r.Forget()
	return key, err
}

// Forget drops everything at once.
func (r *KeyRing) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.trusted)
}

func (r *KeyRing) recall(presented [sha256.Size]byte, now time.Time) (Principal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.trusted[presented]
	return t.principal, ok && now.Before(t.until)
}

func (r *KeyRing) remember(presented [sha256.Size]byte, t trust) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.trusted) >= ringSize {
		clear(r.trusted)
	}
	r.trusted[presented] = t
}
