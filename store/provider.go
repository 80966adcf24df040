package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewCall is a write to the provider that is about to be sent.
type NewCall struct {
	Key       string
	Account   uuid.UUID
	Verb      string
	ObjectRef string
	Params    json.RawMessage
	// Checkout names the session that the call opens on behalf of a caller of ours: whoever asks may die of it, so a workflow is
	// sent for that brings the call to its end. Nil where a workflow makes the call anyway.
	Checkout *uuid.UUID
}

// Outgoing is a call as it stands before it is sent.
type Outgoing struct {
	models.ProviderCall
	SendKey  string // the Idempotency-Key of this generation
	Outlived bool   // the provider may have forgotten the key: look the effect up, and never send the key again
}

// BeginCall writes down a call before it leaves. A repeat finds what is known of it: a result that is already here need not be
// asked for again; while the outcome is unknown the very same parameters go out under the same key, whatever the rows they
// were built from say by now; and a call that was refused is made anew, with the parameters of now, under the next key.
func (s *Store) BeginCall(ctx context.Context, call Call, in NewCall) (Outgoing, error) {
	var out Outgoing
	err := s.within(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, in.Account)
		if err != nil {
			return err
		}
		now, err := t.accountNow(a)
		if err != nil {
			return err
		}
		real, err := t.databaseNow()
		if err != nil {
			return err
		}
		hash := sha256.Sum256(in.Params)
		pc := models.ProviderCall{RealmID: call.Realm, Key: in.Key, BillingAccountID: in.Account, Verb: in.Verb, ObjectRef: in.ObjectRef,
			Generation: 1, Params: in.Params, ParamsHash: hash[:], FirstSentAt: real, Status: models.CallSent, Times: models.At(now)}
		fresh, err := insertOnce(t, &pc)
		if err != nil {
			return err
		}
		begun := fresh
		if !fresh {
			if pc, err = t.lockCall(in.Key); err != nil {
				return err
			}
			begun = pc.Status == models.CallFailed
			if err := t.again(&pc, in.Params, hash[:]); err != nil {
				return err
			}
		}
		if in.Checkout != nil && begun {
			if err := t.send(t.startCheckout(*in.Checkout, pc.Status), now); err != nil {
				return err
			}
		}
		out = Outgoing{ProviderCall: pc, SendKey: keys.StripeGeneration(pc.Key, pc.Generation), Outlived: pc.Outlived(real)}
		return nil
	})
	return out, err
}

// again decides what a repeat of a call may send.
func (t *tx) again(pc *models.ProviderCall, params json.RawMessage, hash []byte) error {
	switch {
	case pc.Status == models.CallFailed:
		real, err := t.databaseNow()
		if err != nil {
			return err
		}
		pc.Renew(params, hash, real)
		return t.Save(pc).Error
	case pc.Status == models.CallSucceeded || pc.Params != nil:
		return nil
	case !bytes.Equal(pc.ParamsHash, hash):
		return fault.New(fault.Conflict, "idempotency_key_reused", "The provider call %s was made with other parameters.", pc.Key)
	}
	pc.Params = params
	return t.Save(pc).Error
}

func (t *tx) lockCall(key string) (models.ProviderCall, error) {
	var pc models.ProviderCall
	err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("key = ?", key).Take(&pc).Error
	return pc, err
}

// RenewCall begins the next generation of a call whose effect was looked for and is not there, unless somebody else did.
func (s *Store) RenewCall(ctx context.Context, call Call, key string, generation int) (Outgoing, error) {
	var out Outgoing
	err := s.within(ctx, call, func(t *tx) error {
		pc, err := t.lockCall(key)
		if err != nil {
			return err
		}
		real, err := t.databaseNow()
		if err != nil {
			return err
		}
		if pc.Generation == generation && pc.Status != models.CallSucceeded {
			pc.Renew(pc.Params, pc.ParamsHash, real)
			if err := t.Save(&pc).Error; err != nil {
				return err
			}
		}
		out = Outgoing{ProviderCall: pc, SendKey: keys.StripeGeneration(pc.Key, pc.Generation), Outlived: pc.Outlived(real)}
		return nil
	})
	return out, err
}

// FindCall reads a call; not_found when it was never about to be sent.
func (s *Store) FindCall(ctx context.Context, call Call, key string) (models.ProviderCall, error) {
	var pc models.ProviderCall
	err := s.read(ctx, call, func(t *tx) error { return t.Where("key = ?", key).Take(&pc).Error })
	return pc, err
}

// CallEnd is what became of one generation of a call; zero is whichever it is in.
type CallEnd struct {
	Generation int
	Status     models.CallStatus
	Result     string
}

// EndCall notes what became of a call. An unknown outcome keeps key and parameters, so that asking again finds the same
// effect; a call that has succeeded needs its parameters no more.
func (s *Store) EndCall(ctx context.Context, call Call, key string, end CallEnd) error {
	return s.within(ctx, call, func(t *tx) error {
		q := t.Model(&models.ProviderCall{}).Where("key = ? AND status <> ?", key, models.CallSucceeded)
		if end.Generation != 0 {
			q = q.Where("generation = ?", end.Generation)
		}
		set := map[string]any{"status": end.Status, "result_ref": end.Result}
		if end.Status == models.CallSucceeded {
			set["params"] = nil
		}
		return q.Updates(set).Error
	})
}

// LinkCustomer notes the account's customer at the provider, once.
func (s *Store) LinkCustomer(ctx context.Context, call Call, account uuid.UUID, customer string) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Model(&models.BillingAccount{}).Where("id = ? AND stripe_customer = ''", account).Update("stripe_customer", customer).Error
	})
}
