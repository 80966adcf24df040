package store

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
)

// NewCall is a write to the provider that is about to be sent.
type NewCall struct {
	Key        string
	Account    uuid.UUID
	Verb       string
	ObjectRef  string
	ParamsHash []byte
}

// BeginCall writes down a call before it leaves. A repeat finds what is known of it: a result that is already here need not
// be asked for again, and other parameters under the same key are a bug that must not reach the provider.
func (s *Store) BeginCall(ctx context.Context, call Call, in NewCall) (models.ProviderCall, error) {
	var pc models.ProviderCall
	err := s.within(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, in.Account)
		if err != nil {
			return err
		}
		now, err := t.accountNow(a)
		if err != nil {
			return err
		}
		pc = models.ProviderCall{RealmID: call.Realm, Key: in.Key, BillingAccountID: in.Account, Verb: in.Verb, ObjectRef: in.ObjectRef,
			ParamsHash: in.ParamsHash, Generation: 1, FirstSentAt: now, Status: models.CallSent, Times: models.At(now)}
		fresh, err := insertOnce(t, &pc)
		if err != nil || fresh {
			return err
		}
		if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("key = ?", in.Key).Take(&pc).Error; err != nil {
			return err
		}
		if !bytes.Equal(pc.ParamsHash, in.ParamsHash) {
			return fault.New(fault.Conflict, "idempotency_key_reused", "The provider call %s was made with other parameters.", in.Key)
		}
		return nil
	})
	return pc, err
}

// EndCall notes what became of a call. An unknown outcome keeps the key, so that asking again finds the same effect.
func (s *Store) EndCall(ctx context.Context, call Call, key string, status models.CallStatus, result string) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Model(&models.ProviderCall{}).Where("key = ? AND status <> ?", key, models.CallSucceeded).
			Updates(map[string]any{"status": status, "result_ref": result}).Error
	})
}

// LinkCustomer notes the account's customer at the provider, once.
func (s *Store) LinkCustomer(ctx context.Context, call Call, account uuid.UUID, customer string) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Model(&models.BillingAccount{}).Where("id = ? AND stripe_customer = ''", account).Update("stripe_customer", customer).Error
	})
}
