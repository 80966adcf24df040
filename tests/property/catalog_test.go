package property_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/property/model"
)

// fill sells in the realm what the model's catalog says, and gives the pricing model of its accounts.
func (r *realm) fill(c model.Catalog) uuid.UUID {
	ctx, st := r.t.Context(), r.st
	for _, code := range c.Meters {
		m, err := st.CreateMeter(ctx, r.call, store.NewMeter{Code: code, Name: code, Unit: "unit", Aggregation: metering.AggregationSum})
		require.NoError(r.t, err)
		r.meters[code] = m.ID
	}
	features := map[string]uuid.UUID{}
	for code, meters := range c.Features {
		var ids []uuid.UUID
		for _, m := range meters {
			ids = append(ids, r.meters[m])
		}
		f, err := st.CreateFeature(ctx, r.call, store.NewFeature{Code: code, Name: code, Kind: models.Toggle, MeterIDs: ids})
		require.NoError(r.t, err)
		features[code] = f.ID
	}
	for _, code := range c.Credits {
		k, err := st.CreateCreditType(ctx, r.call, store.NewCreditType{Code: money.Asset(code), Name: code, Scale: 9})
		require.NoError(r.t, err)
		r.credits[code] = k.ID
	}
	for _, v := range c.Values {
		_, err := st.CreateCreditValue(ctx, r.call, store.NewCreditValue{CreditTypeID: r.credits[v.Asset], Currency: money.Asset(v.Currency), Value: v.Value,
			EffectiveAt: &v.From})
		require.NoError(r.t, err)
	}
	for _, p := range c.Prices {
		require.NoError(r.t, r.price(p))
	}
	pm, err := st.CreatePricingModel(ctx, r.call, store.NewPricingModel{Code: "standard", Name: "Standard"})
	require.NoError(r.t, err)
	for _, p := range c.Plans {
		r.plans[p.Code] = r.plan(pm.ID, p, features)
		if p.Code == c.Free {
			_, err := st.SetFreePlan(ctx, r.call, store.FreePlan{PricingModelID: pm.ID, PlanID: r.plans[p.Code]})
			require.NoError(r.t, err)
		}
	}
	return pm.ID
}

func (r *realm) price(p model.Price) error {
	terms := pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: p.Amount, PerUnits: p.Per, FreeUnits: p.Free}
	if p.Package {
		terms.Model = pricing.ModelPackage
	}
	_, err := r.st.CreateMeterPrice(r.t.Context(), r.call, store.NewMeterPrice{MeterID: r.meters[p.Meter], Asset: money.Asset(p.Asset), Terms: terms,
		EffectiveAt: &p.From})
	return err
}

func (r *realm) plan(pricingModel uuid.UUID, p model.Plan, features map[string]uuid.UUID) uuid.UUID {
	terms := models.PlanTerms{Cadence: p.Cadence, OverageMode: gate.OverageMode(p.Overage), GraceSeconds: int64(p.Grace.Seconds()),
		Collection: models.Collection(p.Collect)}
	if p.Fee.IsPositive() {
		terms.Fee = &models.Fee{Amount: p.Fee, Currency: money.Asset(p.Currency)}
	}
	for _, g := range p.Grants {
		rule := models.GrantRule{Code: g.Rule, Asset: money.Asset(g.Asset), Amount: g.Amount, Expires: models.ExpiresNever, Priority: g.Priority,
			Promotional: g.Promo}
		if g.PeriodEnd {
			rule.Expires = models.ExpiresPeriodEnd
		}
		terms.Grants = append(terms.Grants, rule)
	}
	var ids []uuid.UUID
	for _, f := range p.Features {
		ids = append(ids, features[f])
	}
	made, err := r.st.CreatePlan(r.t.Context(), r.call, store.NewPlan{PricingModelID: pricingModel, Code: p.Code, Name: p.Code, Kind: models.PlanKind(p.Kind),
		Terms: terms, FeatureIDs: ids})
	require.NoError(r.t, err)
	made, err = r.st.PublishPlanVersion(r.t.Context(), r.call, store.PlanRef{PlanID: made.ID, Version: store.Versions{made.Version}})
	require.NoError(r.t, err)
	return made.ID
}

// reprice is an operator's change of the catalog.
func (r *realm) reprice(op model.Op) (model.Outcome, error) {
	if op.Kind == model.NewPrice {
		return said("priced"), r.price(model.Price{Meter: op.Meter, Asset: op.Asset, From: *op.At, Amount: op.Amount, Per: three})
	}
	_, err := r.st.CreateCreditValue(r.t.Context(), r.call, store.NewCreditValue{CreditTypeID: r.credits[op.Asset], Currency: "EUR", Value: op.Amount,
		EffectiveAt: op.At})
	return said("valued"), err
}
