package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const serviceKeysPath = "/mgt/v1/service-keys"

type serviceKeys struct{ base }

type serviceKey struct {
	ID         string   `json:"id" example:"key_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Name       string   `json:"name"`
	Secret     *string  `json:"secret,omitempty" doc:"The whole key. It is in the first answer to its creation and never again, not even in a replay."`
	Last4      string   `json:"last4"`
	Scopes     []string `json:"scopes"`
	ExpiresAt  *Instant `json:"expires_at" nullable:"true"`
	RevokedAt  *Instant `json:"revoked_at" nullable:"true"`
	LastUsedAt *Instant `json:"last_used_at" nullable:"true" doc:"To the minute."`
	CreatedBy  string   `json:"created_by"`
	RecordedAt Instant  `json:"recorded_at"`
}

type createServiceKeyIn struct {
	Body struct {
		Name      string   `json:"name" minLength:"1" maxLength:"200"`
		Scopes    []string `json:"scopes" minItems:"1" maxItems:"50"`
		ExpiresAt *Instant `json:"expires_at,omitempty" doc:"A year from now if absent."`
	}
}

func (r serviceKeys) register(a huma.API) {
	post(a, op{ID: "createServiceKey", Path: serviceKeysPath, Summary: "Create a key; its secret is shown once", Tag: "Platform",
		Scope: "keys:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listServiceKeys", Path: serviceKeysPath, Summary: "Keys, without secrets", Tag: "Platform", Scope: "keys:read"}, r.list)
	del(a, op{ID: "revokeServiceKey", Path: serviceKeysPath + "/{id}", Summary: "Revoke a key now", Tag: "Platform",
		Scope: "keys:write"}, r.revoke)
}

func (r serviceKeys) create(ctx context.Context, in *createServiceKeyIn) (*Reply[serviceKey], error) {
	if err := grantable(principal(ctx), in.Body.Scopes); err != nil {
		return nil, err
	}
	var issued store.IssuedKey
	out, err := keyed(ctx, http.StatusCreated, func(k store.IssuedKey) rendered[serviceKey] {
		body, id := showServiceKey(k.ServiceKey)
		return rendered[serviceKey]{body: body, id: id}
	}, func(call store.Call) (_ store.IssuedKey, err error) {
		issued, err = r.keys.Issue(ctx, call, store.NewServiceKey{Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresAt: timeOf(in.Body.ExpiresAt)})
		return issued, err
	})
	if err != nil || out.Replayed != "" {
		return out, err
	}
	// What is stored for replays has no secret: the table of answers would be a table of keys.
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
	return serviceKey{ID: keys.Encode(keys.ServiceKey, k.ID), Name: k.Name, Last4: k.Last4, Scopes: k.Scopes, ExpiresAt: maybe(k.ExpiresAt),
		RevokedAt: maybe(k.RevokedAt), LastUsedAt: maybe(k.LastUsedAt), CreatedBy: k.CreatedBy, RecordedAt: instant(k.RecordedAt)}, k.ID
}
