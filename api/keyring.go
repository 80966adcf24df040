package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/store"
)

// AuthenticateBy opens realms with the keys of a ring; it is Deps.Authenticate of a real process.
func AuthenticateBy(ring *store.KeyRing) func(ctx context.Context, keyID uuid.UUID, secret, realm string) (Principal, error) {
	return func(ctx context.Context, keyID uuid.UUID, secret, realm string) (Principal, error) {
		p, err := ring.Authenticate(ctx, keyID, secret)
		if err != nil {
			return Principal{}, err
		}
		out := Principal{RealmID: p.RealmID, RealmCode: p.RealmCode, Mode: string(p.Mode), KeyID: p.KeyID, Actor: p.Actor, Scopes: p.Scopes, Networks: p.Networks}
		if !out.realmIs(realm) {
			return Principal{}, errRealm
		}
		return out, nil
	}
}
