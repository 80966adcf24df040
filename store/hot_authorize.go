package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Ask is a request to begin work. Key and Hash make it happen once per account.
type Ask struct {
	Account     uuid.UUID
	FeatureCode string
	Meters      []gate.MeterQuantity
	TTL         time.Duration
	Key         string
	Hash        []byte
	Secret      []byte // derives the lease's token, so that a repeat gets the same one without our keeping it

	feature uuid.UUID // of the code
}

// Authorized is the gate's answer: what is stored of it is the same for every repeat.
type Authorized struct {
	Decision  gate.Decision `json:"decision"`
	LeaseID   *uuid.UUID    `json:"lease_id,omitempty"`
	ExpiresAt time.Time     `json:"expires_at"`
	Token     string        `json:"-"`
	Replayed  bool          `json:"-"`
}

// Authorize decides whether the work may begin and, if so, holds funds for it under a new lease.
func (s *Store) Authorize(ctx context.Context, call Call, ask Ask) (Authorized, error) {
	var out Authorized
	err := s.keyed(ctx, call, func(t *tx) error {
		out = Authorized{}
		account, now, err := t.lockAccount(ask.Account)
		if err != nil {
			return err
		}
		if done, err := t.authorizedBefore(ask, &out); err != nil || done {
			return err
		}
		if err := t.expireLeases(account.ID, now); err != nil {
			return err
		}
		out, err = t.authorize(account, ask, now)
		return err
	})
	return out, err
}

func (t *tx) authorizedBefore(ask Ask, out *Authorized) (bool, error) {
	var row models.Authorization
	res := t.Where("billing_account_id = ? AND key = ?", ask.Account, ask.Key).Limit(1).Find(&row)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	if !bytes.Equal(row.RequestHash, ask.Hash) {
		return false, fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	}
	if err := json.Unmarshal(row.Response, out); err != nil {
		return false, err
	}
	out.Replayed = true
	if out.LeaseID == nil {
		return true, nil
	}
	var err error
	out.Token, err = leaseToken(ask.Secret, *out.LeaseID)
	return true, err
}

func (t *tx) authorize(account models.BillingAccount, ask Ask, now time.Time) (Authorized, error) {
	state, feature, meters, err := t.gateState(account, ask, now)
	if err != nil {
		return Authorized{}, err
	}
	out := Authorized{Decision: gate.Decide(gate.Request{Now: now, FeatureCode: ask.FeatureCode, Meters: ask.Meters}, state)}
	row := models.Authorization{RealmID: t.call.Realm, BillingAccountID: account.ID, Key: ask.Key, RequestHash: ask.Hash,
		Decision: "deny", Reason: out.Decision.Reason, Times: models.At(now)}
	if out.Decision.Allow {
		row.Decision = "allow"
		lease := models.Lease{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: account.ID, FeatureID: feature.ID,
			Status: models.LeaseActive, Holds: out.Decision.Holds, ExpiresAt: now.Add(ask.TTL), Times: models.At(now)}
		if out.Token, err = leaseToken(ask.Secret, lease.ID); err != nil {
			return out, err
		}
		if err := t.openLease(&lease, out, meters); err != nil {
			return out, err
		}
		out.LeaseID, out.ExpiresAt, row.LeaseID = &lease.ID, lease.ExpiresAt, &lease.ID
	}
	if row.Response, err = json.Marshal(out); err != nil {
		return out, err
	}
	return out, t.Create(&row).Error
}

func (t *tx) openLease(lease *models.Lease, out Authorized, meters map[string]models.Meter) error {
	hash, err := keys.HashLeaseToken(out.Token)
	if err != nil {
		return err
	}
	lease.TokenHash = hash
	for _, b := range out.Decision.Bounds {
		lease.Bounds = append(lease.Bounds, models.Bound{MeterID: meters[b.MeterCode].ID, MeterCode: b.MeterCode, Quantity: b.Quantity})
	}
	if lease.Holds == nil {
		lease.Holds = []money.Amount{}
	}
	if lease.Bounds == nil {
		lease.Bounds = []models.Bound{}
	}
	for _, h := range lease.Holds {
		if err := t.addFunds(lease.BillingAccountID, h.Asset, h.Value.Neg(), h.Value); err != nil {
			return err
		}
	}
	return t.Create(lease).Error
}

// leaseToken derives a lease's bearer secret from the process's own: as unguessable as random bytes, and the same for a repeat.
func leaseToken(secret []byte, lease uuid.UUID) (string, error) {
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte("lease"))
	_, _ = mac.Write(lease[:])
	return keys.NewLeaseToken(bytes.NewReader(mac.Sum(nil)))
}

// gateState reads what the gate decides on: the account's terms, prices, lots and holds of this instant.
func (t *tx) gateState(account models.BillingAccount, ask Ask, now time.Time) (gate.State, models.Feature, map[string]models.Meter, error) {
	state := gate.State{AccountStatus: string(account.Status), Unlimited: account.BillingMode == models.Unlimited,
		SelfHosted: account.BillingMode == models.SelfHosted, AllowedMeters: map[string]bool{}, Prices: map[string]gate.PricedMeter{},
		Held: map[money.Asset]decimal.Decimal{}}
	meters := map[string]models.Meter{}
	var feature models.Feature
	res := t.Where("code = ?", ask.FeatureCode).Limit(1).Find(&feature)
	if res.Error != nil || res.RowsAffected == 0 {
		return state, feature, meters, res.Error
	}
	state.FeatureKnown, ask.feature = true, feature.ID
	var allowed []models.Meter
	if err := t.Where("id IN (SELECT meter_id FROM feature_meters WHERE feature_id = ?)", feature.ID).Order("code").Find(&allowed).Error; err != nil {
		return state, feature, meters, err
	}
	owner, err := t.ownerAt(account.ID, now, &feature.ID, nil)
	if err != nil || owner == nil {
		return state, feature, meters, err
	}
	state.Entitled, state.OverageMode = true, owner.terms.OverageMode
	for _, m := range allowed {
		state.AllowedMeters[m.Code], meters[m.Code] = true, m
	}
	if account.Status != models.AccountActive || state.SelfHosted {
		return state, feature, meters, nil // no price decides
	}
	return state, feature, meters, t.gatePrices(account, ask, meters, now, &state)
}

func (t *tx) gatePrices(account models.BillingAccount, ask Ask, meters map[string]models.Meter, now time.Time, state *gate.State) error {
	var currency money.Asset
	if account.Currency != nil {
		currency = *account.Currency
	}
	var assets []money.Asset
	for _, m := range ask.Meters {
		meter, ok := meters[m.MeterCode]
		if !ok {
			continue
		}
		price, ok, err := t.priceAt(meter.ID, currency, now)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		before, err := t.counted(account, ask, meter, price, now)
		if err != nil {
			return err
		}
		state.Prices[m.MeterCode] = gate.PricedMeter{Price: price.Terms, Asset: price.Asset, Before: before}
		assets = append(assets, price.Asset)
	}
	var funds []models.AccountFunds
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ?", account.ID).Order("asset").Find(&funds).Error; err != nil {
		return err
	}
	for _, f := range funds {
		state.Held[f.Asset] = f.Held
	}
	for _, asset := range assets {
		lots, err := t.lotsAt(account.ID, asset, now, now)
		if err != nil {
			return err
		}
		for i := range lots {
			if !hasLot(state.Lots, lots[i].ID.String()) {
				state.Lots = append(state.Lots, lots[i].Value())
			}
		}
	}
	return nil
}

// counted is how much of the meter the account has used in the period of now, by the plan that a commit would be rated by, so
// that an estimate begins in the right tier.
func (t *tx) counted(account models.BillingAccount, ask Ask, meter models.Meter, price models.MeterPrice, now time.Time) (decimal.Decimal, error) {
	o, err := t.ownerAt(account.ID, now, &ask.feature, &meter.ID)
	if err != nil || o == nil {
		return decimal.Zero, err
	}
	span, err := o.period(account, now)
	if err != nil {
		return decimal.Zero, err
	}
	var c models.RatingCounter
	err = t.Where("billing_account_id = ? AND meter_id = ? AND price_id = ? AND period_start = ?", account.ID, meter.ID, price.ID, span.Start).
		Limit(1).Find(&c).Error
	return c.Quantity, err
}
