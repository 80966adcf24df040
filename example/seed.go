// Package example is the story that shows what Durabill does: a catalog in a file, and one account billed through two months
// over REST on a test clock. The demo plays it and the end-to-end tests assert its numbers. It owns no rule; it refuses to
// reach behind the API for anything but what an operator would do: open the realm, load the catalog, fix the demo's key.
package example

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// Vyndara is the catalog of the second table of Vyndara's billing plan, as far as its meters sum.
//
//go:embed vyndara.json
var Vyndara []byte

// Catalog is a realm and everything that it sells, as a file says it.
type Catalog struct {
	Realm struct {
		Code, Name, Website string
		Mode                models.Mode
	}
	PricingModel struct{ Code, Name string } `json:"pricing_model"`
	CreditTypes  []struct {
		Code   money.Asset
		Name   string
		Scale  int32
		Values []struct {
			Currency    money.Asset
			Value       decimal.Decimal
			EffectiveAt time.Time `json:"effective_at"`
		}
	} `json:"credit_types"`
	Families []struct{ Code, Name string }
	Meters   []struct {
		Code, Name, Unit string
		Aggregation      metering.Aggregation
		Prices           []struct {
			Asset       money.Asset
			EffectiveAt time.Time `json:"effective_at"`
			pricing.Price
		}
	}
	Features []struct {
		Code, Name, Family string
		Meters             []string
	}
	Plans []struct {
		Code, Name   string
		Kind         models.PlanKind
		Rank         int
		Free         bool
		Terms        models.PlanTerms
		Entitlements []string
	}
}

// DemoKey is the service key of the demo's realm: known to everyone, and good for a test realm on this machine only.
var DemoKey = keys.Token{Mode: keys.ModeTest, KeyID: uuid.MustParse("0193b5c0-0000-7000-8000-00000000d3f0"),
	Secret: "DurabillDemoKeyOnlyForTryingThingsOutLocal0"}

// DemoEndpoint is where the demo's fake Stripe delivers its events, and DemoWebhookSecret what they are signed with.
var DemoEndpoint = uuid.MustParse("0193b5c0-0000-7000-8000-00000000e4d0")

// DemoWebhookSecret signs the demo's events.
const DemoWebhookSecret = "whsec_demo_only_for_trying_things_out" //nolint:gosec // public on purpose

// Access is how a new realm is entered: its first service key, and where its Stripe events arrive.
type Access struct {
	Pepper        []byte
	Scopes        []string
	Token         *keys.Token // nil: drawn, and shown once
	Endpoint      uuid.UUID
	WebhookSecret string // empty: no endpoint
	Livemode      bool
}

// Demo is the access of the demo on this machine, whose secrets everyone knows.
func Demo(pepper []byte, scopes []string) Access {
	return Access{Pepper: pepper, Scopes: scopes, Token: &DemoKey, Endpoint: DemoEndpoint, WebhookSecret: DemoWebhookSecret}
}

// Seeded is what Seed found or made. Key is shown only when it was made.
type Seeded struct {
	Realm  models.Realm
	Loaded bool
	Key    keys.Token
}

// Seed loads a catalog into its realm, once: a realm that is there already is left as it is.
func Seed(ctx context.Context, st *store.Store, file []byte, access Access) (Seeded, error) {
	var c Catalog
	if err := json.Unmarshal(file, &c); err != nil {
		return Seeded{}, fmt.Errorf("catalog file: %w", err)
	}
	call := store.Call{Actor: "seed"}
	realm, err := st.FindRealm(ctx, c.Realm.Code)
	if err == nil {
		return Seeded{Realm: realm}, nil
	}
	if !fault.Is(err, "not_found") {
		return Seeded{}, err
	}
	realm, err = st.CreateRealm(ctx, call, store.NewRealm{Code: c.Realm.Code, Name: c.Realm.Name, Mode: c.Realm.Mode, Website: c.Realm.Website})
	if err != nil {
		return Seeded{}, err
	}
	call.Realm = realm.ID
	l := loader{ctx: ctx, st: st, call: call, meters: map[string]uuid.UUID{}, features: map[string]uuid.UUID{}}
	key, err := l.load(c, access)
	return Seeded{Realm: realm, Loaded: true, Key: key}, err
}

// loader remembers what it has made, by code, and the first thing that went wrong.
type loader struct {
	ctx      context.Context //nolint:containedctx // lives as long as one Seed
	st       *store.Store
	call     store.Call
	meters   map[string]uuid.UUID
	features map[string]uuid.UUID
	model    uuid.UUID
}

func (l *loader) load(c Catalog, access Access) (keys.Token, error) {
	model, err := l.st.CreatePricingModel(l.ctx, l.call, store.NewPricingModel{Code: c.PricingModel.Code, Name: c.PricingModel.Name, IsDefault: true})
	if err != nil {
		return keys.Token{}, fmt.Errorf("pricing model: %w", err)
	}
	l.model = model.ID
	for _, step := range []func(Catalog) error{l.credits, l.pricedMeters, l.familiesAndFeatures, l.plans} {
		if err := step(c); err != nil {
			return keys.Token{}, err
		}
	}
	if access.WebhookSecret != "" {
		if _, err := l.st.CreateStripeEndpoint(l.ctx, l.call, access.Endpoint, []string{access.WebhookSecret}, access.Livemode); err != nil {
			return keys.Token{}, fmt.Errorf("stripe endpoint: %w", err)
		}
	}
	// The key comes last: whoever can sign in finds a whole catalog.
	issued, err := l.st.CreateServiceKey(l.ctx, l.call, store.NewServiceKey{Name: "first", Scopes: access.Scopes, Never: c.Realm.Mode == models.Test,
		Token: access.Token, Pepper: access.Pepper})
	if err != nil {
		return keys.Token{}, fmt.Errorf("service key: %w", err)
	}
	return issued.Token, nil
}

func (l *loader) credits(c Catalog) error {
	for _, ct := range c.CreditTypes {
		made, err := l.st.CreateCreditType(l.ctx, l.call, store.NewCreditType{Code: ct.Code, Name: ct.Name, Scale: ct.Scale})
		if err != nil {
			return fmt.Errorf("credit type %s: %w", ct.Code, err)
		}
		for _, v := range ct.Values {
			if _, err := l.st.CreateCreditValue(l.ctx, l.call, store.NewCreditValue{CreditTypeID: made.ID, Currency: v.Currency, Value: v.Value,
				EffectiveAt: &v.EffectiveAt}); err != nil {
				return fmt.Errorf("value of %s: %w", ct.Code, err)
			}
		}
	}
	return nil
}

func (l *loader) pricedMeters(c Catalog) error {
	for _, m := range c.Meters {
		made, err := l.st.CreateMeter(l.ctx, l.call, store.NewMeter{Code: m.Code, Name: m.Name, Unit: m.Unit, Aggregation: m.Aggregation})
		if err != nil {
			return fmt.Errorf("meter %s: %w", m.Code, err)
		}
		l.meters[m.Code] = made.ID
		for _, p := range m.Prices {
			if _, err := l.st.CreateMeterPrice(l.ctx, l.call, store.NewMeterPrice{MeterID: made.ID, Asset: p.Asset, Terms: p.Price,
				EffectiveAt: &p.EffectiveAt}); err != nil {
				return fmt.Errorf("price of %s: %w", m.Code, err)
			}
		}
	}
	return nil
}

func (l *loader) familiesAndFeatures(c Catalog) error {
	families := map[string]uuid.UUID{}
	for _, f := range c.Families {
		made, err := l.st.CreateFeatureFamily(l.ctx, l.call, store.NewFeatureFamily{Code: f.Code, Name: f.Name})
		if err != nil {
			return fmt.Errorf("feature family %s: %w", f.Code, err)
		}
		families[f.Code] = made.ID
	}
	for _, f := range c.Features {
		family := families[f.Family]
		in := store.NewFeature{Code: f.Code, Name: f.Name, Kind: models.Toggle, FamilyID: &family}
		for _, m := range f.Meters {
			in.MeterIDs = append(in.MeterIDs, l.meters[m])
		}
		made, err := l.st.CreateFeature(l.ctx, l.call, in)
		if err != nil {
			return fmt.Errorf("feature %s: %w", f.Code, err)
		}
		l.features[f.Code] = made.ID
	}
	return nil
}

func (l *loader) plans(c Catalog) error {
	for _, p := range c.Plans {
		in := store.NewPlan{PricingModelID: l.model, Code: p.Code, Name: p.Name, Kind: p.Kind, Rank: p.Rank, Terms: p.Terms}
		for _, f := range p.Entitlements {
			in.FeatureIDs = append(in.FeatureIDs, l.features[f])
		}
		made, err := l.st.CreatePlan(l.ctx, l.call, in)
		if err != nil {
			return fmt.Errorf("plan %s: %w", p.Code, err)
		}
		draft := made.Versions[0]
		version := made.Version
		if _, err := l.st.PublishPlanVersion(l.ctx, l.call, store.PlanRef{PlanID: made.ID, Number: draft.Number, Version: store.Versions{version}}); err != nil {
			return fmt.Errorf("publish %s: %w", p.Code, err)
		}
		if !p.Free {
			continue
		}
		if _, err := l.st.SetFreePlan(l.ctx, l.call, store.FreePlan{PricingModelID: l.model, PlanID: made.ID}); err != nil {
			return fmt.Errorf("free plan %s: %w", p.Code, err)
		}
	}
	return nil
}
