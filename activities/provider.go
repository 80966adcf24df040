package activities

import (
	"context"
	"crypto/sha256"
	"encoding/json"

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

// outbound is one write to the provider.
type outbound struct {
	key     string
	account uuid.UUID
	verb    string
	object  string
	params  any
	// found looks for the effect of a try whose outcome is unknown, since the provider may repeat a failure under the same
	// key for ever; an empty reference means that there was none. Without it the call is made again.
	found func() (string, error)
}

// configured refuses work that needs a provider where there is none.
func (a *Activities) configured() error {
	if a.Stripe == nil {
		return fault.New(fault.Conflict, "provider_not_configured", "No payment provider is configured.")
	}
	return nil
}

// provider writes the call down, makes it unless its result is known, and notes what became of it.
func (a *Activities) provider(ctx context.Context, call store.Call, o outbound, send func() (string, error)) (string, error) {
	if err := a.configured(); err != nil {
		return "", err
	}
	raw, err := json.Marshal(o.params)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(raw)
	known, err := a.Store.BeginCall(ctx, call, store.NewCall{Key: o.key, Account: o.account, Verb: o.verb, ObjectRef: o.object, ParamsHash: hash[:]})
	if err != nil {
		return "", err
	}
	if known.Status == models.CallSucceeded {
		return known.ResultRef, nil
	}
	ref := ""
	if known.Status == models.CallUnknown && o.found != nil {
		if ref, err = o.found(); err != nil {
			return "", err
		}
	}
	if ref == "" {
		fault.Point(fault.PointCallBegun)
		ref, err = send()
		fault.Point(fault.PointCallUnrecorded)
	}
	status := models.CallSucceeded
	switch {
	case gateway.Ambiguous(err):
		status = models.CallUnknown
	case err != nil:
		status = models.CallFailed
	}
	if ended := a.Store.EndCall(ctx, call, o.key, status, ref); ended != nil {
		return ref, ended
	}
	return ref, err
}
