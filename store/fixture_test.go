package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// catalog is a realm with a little of everything that a catalog test talks about.
type catalog struct {
	t    *testing.T
	ctx  context.Context
	url  string
	st   *store.Store
	call store.Call

	meter   models.Meter
	feature store.FeatureDetail
	credit  models.CreditType
	model   models.PricingModel
}

func newCatalog(t *testing.T) *catalog {
	t.Helper()
	t.Parallel()
	c := &catalog{t: t, ctx: t.Context(), url: harness.Database(t)}
	c.st = harness.Open(t, c.url)
	c.call = harness.Realm(t, c.st)
	c.fill()
	return c
}

func (c *catalog) fill() {
	c.t.Helper()
	var err error
	c.meter, err = c.st.CreateMeter(c.ctx, c.call, store.NewMeter{Code: "api_requests", Name: "API requests", Unit: "request",
		Aggregation: metering.AggregationSum})
	require.NoError(c.t, err)
	c.feature, err = c.st.CreateFeature(c.ctx, c.call, store.NewFeature{Code: "api", Name: "API", Kind: models.Toggle,
		MeterIDs: []uuid.UUID{c.meter.ID}})
	require.NoError(c.t, err)
	c.credit, err = c.st.CreateCreditType(c.ctx, c.call, store.NewCreditType{Code: "CREDIT", Name: "Credit", Scale: 9})
	require.NoError(c.t, err)
	c.model, err = c.st.CreatePricingModel(c.ctx, c.call, store.NewPricingModel{Code: "standard", Name: "Standard"})
	require.NoError(c.t, err)
}

func (c *catalog) price(asset money.Asset, amount string, at time.Time) models.MeterPrice {
	c.t.Helper()
	p, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: asset, Terms: perUnit(amount), EffectiveAt: &at})
	require.NoError(c.t, err)
	return p
}

func (c *catalog) plan(code string, terms models.PlanTerms) store.PlanDetail {
	c.t.Helper()
	p, err := c.st.CreatePlan(c.ctx, c.call, store.NewPlan{PricingModelID: c.model.ID, Code: code, Name: code, Kind: models.Base,
		Terms: terms, FeatureIDs: []uuid.UUID{c.feature.ID}})
	require.NoError(c.t, err)
	return p
}

func (c *catalog) publish(p store.PlanDetail) store.PlanDetail {
	c.t.Helper()
	p, err := c.st.PublishPlanVersion(c.ctx, c.call, latest(p))
	require.NoError(c.t, err)
	return p
}

func latest(p store.PlanDetail) store.PlanRef {
	return store.PlanRef{PlanID: p.ID, Version: store.Versions{p.Version}}
}

func perUnit(amount string) pricing.Price {
	return pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: dec(amount), PerUnits: dec("100000")}
}

func starter() models.PlanTerms {
	return models.PlanTerms{
		Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1},
		Fee:     &models.Fee{Amount: dec("29.00"), Currency: "EUR"},
		Grants: []models.GrantRule{{Code: "monthly", Asset: "CREDIT", Amount: dec("20"), Expires: models.ExpiresPeriodEnd,
			Priority: 100}},
		OverageMode: gate.OverageInvoice, GraceSeconds: 3600, Collection: models.CollectStripe,
	}
}

func free() models.PlanTerms {
	terms := starter()
	terms.Fee, terms.Grants = nil, nil
	return terms
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func day(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at
}

func ptr[T any](v T) *T { return &v }
