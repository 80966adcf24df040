package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const (
	serviceKeysPath = "/mgt/v1/service-keys"
	defaultOverlap  = 24 * time.Hour
)

type serviceKeys struct{ base }

type serviceKey struct {
	ID         string          `json:"id" example:"key_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Name       string          `json:"name"`
	Secret     *string         `json:"secret,omitempty" doc:"The whole key. It is in the first answer to its creation or rotation and never again, not even in a replay."`
	Last4      string          `json:"last4"`
	Generation int64           `json:"generation" doc:"How many secrets it has had."`
	Retiring   *retiringSecret `json:"retiring,omitempty" doc:"The secret before this one: valid until it ends. Absent when there is none."`
	Scopes     []string        `json:"scopes"`
	CIDRs      []string        `json:"cidrs" doc:"Networks it may be used from; none: all."`
	ExpiresAt  *Instant        `json:"expires_at" nullable:"true"`
	RevokedAt  *Instant        `json:"revoked_at" nullable:"true"`
	LastUsedAt *Instant        `json:"last_used_at" nullable:"true" doc:"To the minute."`
	CreatedBy  string          `json:"created_by"`
	RecordedAt Instant         `json:"recorded_at"`
}

type retiringSecret struct {
	Last4  string  `json:"last4"`
	EndsAt Instant `json:"ends_at"`
}

type createServiceKeyIn struct {
	Body struct {
		Name      string   `json:"name" minLength:"1" maxLength:"200"`
		Scopes    []string `json:"scopes" minItems:"1" maxItems:"50"`
		CIDRs     []string `json:"cidrs,omitempty" maxItems:"50" doc:"Networks it may be used from, as the server sees the peer; none: all."`
		ExpiresAt *Instant `json:"expires_at,omitempty" doc:"A year from now if absent."`
	}
}

type rotateServiceKeyIn struct {
	ID   string `path:"id"`
	Body struct {
		OverlapSeconds *int64   `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" doc:"How long the old secret stays valid beside the new one: a day if absent, a week at most, 0 to end it now."`
		ExpiresAt      *Instant `json:"expires_at,omitempty" doc:"A year from now if absent; a key without an end keeps none."`
	}
}

type endRotationIn struct {
	ID   string `path:"id"`
	Body struct {
		Keep string `json:"keep" enum:"new,old" doc:"old takes the rotation back: for a new secret that was lost before anybody used it."`
	}
}

func (r serviceKeys) register(a huma.API) {
	post(a, op{ID: "createServiceKey", Path: serviceKeysPath, Summary: "Create a key; its secret is shown once", Tag: "Platform",
		Scope: "keys:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listServiceKeys", Path: serviceKeysPath, Summary: "Keys, without secrets", Tag: "Platform", Scope: "keys:read"}, r.list)
	post(a, op{ID: "rotateServiceKey", Path: serviceKeysPath + "/{id}/rotate", Summary: "Give a key a second secret, shown once", Tag: "Platform",
		Description: "Both open it until the overlap is over. A key has two secrets at most: a third needs the rotation to be ended first.",
		Scope:       "keys:write", Idempotent: true}, r.rotate)
	post(a, op{ID: "endServiceKeyRotation", Path: serviceKeysPath + "/{id}/end-rotation", Summary: "End one of a key's two secrets now",
		Tag: "Platform", Scope: "keys:write", Idempotent: true}, r.endRotation)
	del(a, op{ID: "revokeServiceKey", Path: serviceKeysPath + "/{id}", Summary: "Revoke a key now", Tag: "Platform",
		Scope: "keys:write"}, r.revoke)
}

func (r serviceKeys) create(ctx context.Context, in *createServiceKeyIn) (*Reply[serviceKey], error) {
	if err := grantable(principal(ctx), in.Body.Scopes); err != nil {
		return nil, err
	}
	return shownOnce(ctx, http.StatusCreated, func(call store.Call) (store.IssuedKey, error) {
		return r.keys.Issue(ctx, call, store.NewServiceKey{Name: in.Body.Name, Scopes: in.Body.Scopes, CIDRs: in.Body.CIDRs,
			ExpiresAt: timeOf(in.Body.ExpiresAt)})
	})
}

func (r serviceKeys) rotate(ctx context.Context, in *rotateServiceKeyIn) (*Reply[serviceKey], error) {
	id, err := pathID(keys.ServiceKey, in.ID)
	if err != nil {
		return nil, err
	}
	caller, overlap := principal(ctx), defaultOverlap
	if in.Body.OverlapSeconds != nil {
		overlap = time.Duration(*in.Body.OverlapSeconds) * time.Second
	}
	return shownOnce(ctx, http.StatusOK, func(call store.Call) (store.IssuedKey, error) {
		return r.keys.Rotate(ctx, call, store.KeyRotation{KeyID: id, Overlap: overlap, ExpiresAt: timeOf(in.Body.ExpiresAt),
			Grantable: func(scopes []string) error { return grantable(caller, scopes) }})
	})
}

func (r serviceKeys) endRotation(ctx context.Context, in *endRotationIn) (*Reply[serviceKey], error) {
	id, err := pathID(keys.ServiceKey, in.ID)
	if err != nil {
		return nil, err
	}
	return keyed(ctx, http.StatusOK, func(k models.ServiceKey) rendered[serviceKey] {
		body, id := showServiceKey(k)
		return rendered[serviceKey]{body: body, id: id}
	}, func(call store.Call) (models.ServiceKey, error) {
		return r.keys.EndRotation(ctx, call, id, in.Body.Keep == "old")
	})
}

// shownOnce answers with a new secret in the first answer only. What is stored for replays has none: the table of answers
// would be a table of keys.
func shownOnce(ctx context.Context, status int, issue func(store.Call) (store.IssuedKey, error)) (*Reply[serviceKey], error) {
	var issued store.IssuedKey
	out, err := keyed(ctx, status, func(k store.IssuedKey) rendered[serviceKey] {
		body, id := showServiceKey(k.ServiceKey)
		return rendered[serviceKey]{body: body, id: id}
	}, func(call store.Call) (_ store.IssuedKey, err error) {
		issued, err = issue(call)
		return issued, err
	})
	if err != nil || out.Replayed != "" {
		return out, err
	}
	body, _ := showServiceKey(issued.ServiceKey)
	secret := issued.Token.Reveal()
	body.Secret = &secret
	s, err := answer(out.Status, out.Location, body)
	return reply[serviceKey](s, false), err
}

// grantable refuses scopes that do not exist, and scopes that the caller lacks: a key must not make a stronger one.
func grantable(caller Principal, scopes []string) error {
	for i, scope := range scopes {
		if !slices.Contains(Scopes(), scope) {
			return fault.At("/scopes/"+strconv.Itoa(i), "out_of_range", "There is no such scope.")
		}
		if !slices.Contains(caller.Scopes, scope) {
			return fault.New(fault.Forbidden, "scope_missing", "The key lacks the scope %s and cannot give it to another.", scope)
		}
	}
	return nil
}

func (r serviceKeys) list(ctx context.Context, in *struct{ PageQuery }) (*List[serviceKey], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.ServiceKey, bool, error) {
		return r.store.ListServiceKeys(ctx, callOf(ctx), p)
	}, showServiceKey)
}

func (r serviceKeys) revoke(ctx context.Context, in *idPath) (*One[serviceKey], error) {
	id, err := pathID(keys.ServiceKey, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.keys.Revoke(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showServiceKey(row)
	return &One[serviceKey]{Body: body}, nil
}

func showServiceKey(k models.ServiceKey) (serviceKey, uuid.UUID) {
	out := serviceKey{ID: keys.Encode(keys.ServiceKey, k.ID), Name: k.Name, Last4: k.Last4, Generation: k.Generation, Scopes: k.Scopes, CIDRs: k.CIDRs,
		ExpiresAt: maybe(k.ExpiresAt), RevokedAt: maybe(k.RevokedAt), LastUsedAt: maybe(k.LastUsedAt), CreatedBy: k.CreatedBy,
		RecordedAt: instant(k.RecordedAt)}
	if k.RetiringUntil != nil {
		out.Retiring = &retiringSecret{Last4: k.RetiringLast4, EndsAt: instant(*k.RetiringUntil)}
	}
	return out, k.ID
}
