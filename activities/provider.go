package activities

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// metadata ties a provider object to ours; it names ids and carries neither amounts nor people.
func metadata(call store.Call, account uuid.UUID, object string) map[string]string {
	return map[string]string{"app": "durabill", "realm_id": keys.Encode(keys.Realm, call.Realm), "ba_id": keys.Encode(keys.BillingAccount, account),
		"obj": object, "schema": "1"}
}

// outbound is one write to the provider. send makes it under a key; find looks for its effect where a repeat cannot tell, and an
// empty reference means that it is not there.
type outbound[P any] struct {
	key     string
	account uuid.UUID
	verb    string
	object  string
	params  P
	send    func(ctx context.Context, key string, params P) (string, error)
	find    func(ctx context.Context, since time.Time, params P) (string, error)
}

// configured refuses work that needs a provider where there is none.
func (a *Activities) configured() error {
	if a.Stripe == nil {
		return fault.New(fault.Conflict, "provider_not_configured", "No payment provider is configured.")
	}
	return nil
}

// provide writes the call down, makes it unless its result is known, and notes what became of it.
func provide[P any](ctx context.Context, a *Activities, call store.Call, o outbound[P]) (string, error) {
	if err := a.configured(); err != nil {
		return "", err
	}
	raw, err := json.Marshal(o.params)
	if err != nil {
		return "", err
	}
	out, err := a.Store.BeginCall(ctx, call, store.NewCall{Key: o.key, Account: o.account, Verb: o.verb, ObjectRef: o.object, Params: raw})
	if err != nil {
		return "", err
	}
	ref, err := attempt(ctx, a, call, o, &out)
	if out.Status == models.CallSucceeded {
		return out.ResultRef, nil
	}
	end := store.CallEnd{Generation: out.Generation, Status: models.CallSucceeded, Result: ref}
	switch {
	case gateway.Refused(err):
		end.Status = models.CallFailed
	case err != nil: // also where nothing was done: an earlier try under this key may have been
		end.Status = models.CallUnknown
	}
	if ended := a.Store.EndCall(ctx, call, o.key, end); ended != nil {
		return ref, ended
	}
	return ref, err
}

// attempt makes a call until there is an answer to it. A key that can give none, because the provider repeats a failure of its
// own under it or may have forgotten it, is given up only when the effect was looked for and is not there; what came of the
// look-up decides nothing else, so a failed one leaves the call unknown.
func attempt[P any](ctx context.Context, a *Activities, call store.Call, o outbound[P], out *store.Outgoing) (string, error) {
	for range maxGenerations {
		if out.Status == models.CallSucceeded {
			return out.ResultRef, nil
		}
		params := o.params
		if err := json.Unmarshal(out.Params, &params); err != nil {
			return "", fault.New(fault.Internal, "provider_params_unreadable", "What the call %s was made with cannot be read.", o.key).Because(err)
		}
		if !out.Outlived {
			fault.Point(fault.PointCallBegun)
			ref, err := o.send(ctx, out.SendKey, params)
			fault.Point(fault.PointCallUnrecorded)
			if !gateway.Doomed(err) {
				return ref, err
			}
		}
		ref, err := o.find(ctx, out.FirstSentAt, params)
		if err != nil {
			return "", unknown(err)
		}
		if ref != "" {
			return ref, nil
		}
		if *out, err = a.Store.RenewCall(ctx, call, o.key, out.Generation); err != nil {
			return "", unknown(err)
		}
	}
	return "", fault.New(fault.Unavailable, gateway.CodeError, "The payment provider keeps failing.")
}

// maxGenerations bounds how many keys one run of an activity uses up.
const maxGenerations = 2

// unknown makes of a look-up's refusal a reason to look again, since it says nothing about the call.
func unknown(err error) error {
	if !gateway.Refused(err) {
		return err
	}
	return fault.New(fault.Unavailable, gateway.CodeError, "The payment provider refused to say what became of a call.").Because(err)
}
