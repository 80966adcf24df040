package api

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
)

// Principal is who calls: a service key of one realm.
type Principal struct {
	RealmID   uuid.UUID
	RealmCode string
	Mode      string // live or test
	KeyID     uuid.UUID
	Actor     string // the app the key was made for; it survives the key's rotation
	Scopes    []string
	Networks  []netip.Prefix // from which the key may be used; none: all
}

// mayCallFrom asks for the peer's address: a header that names another could say anything.
func (p Principal) mayCallFrom(address string) bool {
	if len(p.Networks) == 0 {
		return true
	}
	from, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(p.Networks, func(n netip.Prefix) bool { return n.Contains(from.Unmap()) })
}

// realmIs accepts both names of a realm.
func (p Principal) realmIs(name string) bool {
	return name != "" && (name == p.RealmCode || name == keys.Encode(keys.Realm, p.RealmID))
}

var (
	errKey   = fault.New(fault.Unauthenticated, "invalid_key", "Send a valid service key as Authorization: Bearer.")
	errPlace = fault.New(fault.Forbidden, "ip_not_allowed", "The key may not be used from this address.")
	errRealm = fault.New(fault.Forbidden, "realm_mismatch", "X-Realm-Id must name the realm of the key.")
)

// principal gives the caller of an operation that is not Public. Asking elsewhere is a bug.
func principal(ctx context.Context) Principal {
	if p := requestOf(ctx).principal; p != nil {
		return *p
	}
	panic("principal of a public operation")
}

type authenticator func(ctx context.Context, keyID uuid.UUID, secret, realm string) (Principal, error)

// authenticate opens the key, then checks realm and scope as the operation declares it. Nothing of the request is
// read before.
func authenticate(open authenticator) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		o := opOf(ctx)
		if o.Public {
			next(ctx)
			return
		}
		p, err := open.caller(ctx)
		if err != nil {
			stop(ctx, err)
			return
		}
		r := requestOf(ctx.Context())
		r.principal = &p
		r.log = r.log.With(slog.String("realm", p.RealmCode), slog.String("key_id", p.KeyID.String()))
		if !slices.Contains(p.Scopes, o.Scope) {
			stop(ctx, fault.New(fault.Forbidden, "scope_missing", "The key lacks the scope %s.", o.Scope))
			return
		}
		next(ctx)
	}
}

func (open authenticator) caller(ctx huma.Context) (Principal, error) {
	bearer, ok := bearerOf(ctx.Header("Authorization"))
	if !ok || open == nil {
		return Principal{}, errKey
	}
	token, err := keys.ParseServiceKey(bearer)
	if err != nil {
		return Principal{}, errKey
	}
	realm := ctx.Header("X-Realm-Id")
	p, err := open(ctx.Context(), token.KeyID, token.Secret, realm)
	if err != nil {
		return Principal{}, err
	}
	if p.Mode != token.Mode {
		return Principal{}, errKey
	}
	// The store has refused another realm already; a tenant boundary is worth asking twice.
	if !p.realmIs(realm) {
		return Principal{}, errRealm
	}
	if !p.mayCallFrom(humagin.Unwrap(ctx).ClientIP()) {
		return Principal{}, errPlace
	}
	return p, nil
}

func bearerOf(header string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}
