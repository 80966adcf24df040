package harness

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// Scene is a realm with a small catalog and one account, on a test clock unless the test asks for the database's time. Its
// plan costs 29.00 EUR a month in advance, gives 20 CREDIT a month that end with the period, and has an hour of grace; 100,000
// API requests cost 1 CREDIT, which is worth 1 EUR.
type Scene struct {
	t       testing.TB
	URL     string
	Store   *store.Store
	Call    store.Call
	Clock   models.TestClock // zero on the database's time
	Account models.BillingAccount
	Plan    store.PlanDetail
}

// Setting is what a test wants of its scene.
type Setting struct {
	Now        time.Time         // of the account's clock; zero puts the account on the database's time
	Zone       string            // UTC when empty
	Collection models.Collection // nobody collects when empty
	Fee        string            // 29 when empty
}

// Names that tests use.
const (
	SceneMeter   = "api_requests"
	SceneFeature = "api"
	SceneRule    = "monthly"
)

// NewScene sets the scene, in a database of its own.
func NewScene(t testing.TB, in Setting) *Scene {
	t.Helper()
	if in.Zone == "" {
		in.Zone = "UTC"
	}
	if in.Collection == "" {
		in.Collection = models.CollectNone
	}
	s := &Scene{t: t, URL: Database(t)}
	s.Store = Open(t, s.URL)
	s.Call = Realm(t, s.Store)
	if in.Fee == "" {
		in.Fee = "29"
	}
	model := s.catalog(in)
	account := store.NewAccount{PrincipalID: "acme", Name: "Acme", Email: "billing@acme.example", PricingModel: &model, Timezone: in.Zone}
	if !in.Now.IsZero() {
		var err error
		s.Clock, err = s.Store.CreateClock(t.Context(), s.Call, "clock", in.Now)
		require.NoError(t, err)
		account.TestClock = &s.Clock.ID
	}
	var err error
	s.Account, err = s.Store.CreateAccount(t.Context(), s.Call, account)
	require.NoError(t, err)
	return s
}

func (s *Scene) catalog(in Setting) uuid.UUID {
	s.t.Helper()
	ctx, st, began := s.t.Context(), s.Store, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one := decimal.NewFromInt(1)
	meter, err := st.CreateMeter(ctx, s.Call, store.NewMeter{Code: SceneMeter, Name: "API requests", Unit: "request", Aggregation: metering.AggregationSum})
	require.NoError(s.t, err)
	feature, err := st.CreateFeature(ctx, s.Call, store.NewFeature{Code: SceneFeature, Name: "API", Kind: models.Toggle, MeterIDs: []uuid.UUID{meter.ID}})
	require.NoError(s.t, err)
	credit, err := st.CreateCreditType(ctx, s.Call, store.NewCreditType{Code: "CREDIT", Name: "Credit", Scale: 9})
	require.NoError(s.t, err)
	_, err = st.CreateCreditValue(ctx, s.Call, store.NewCreditValue{CreditTypeID: credit.ID, Currency: "EUR", Value: one, EffectiveAt: &began})
	require.NoError(s.t, err)
	_, err = st.CreateMeterPrice(ctx, s.Call, store.NewMeterPrice{MeterID: meter.ID, Asset: "CREDIT", EffectiveAt: &began,
		Terms: pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: one, PerUnits: decimal.NewFromInt(100000)}})
	require.NoError(s.t, err)
	model, err := st.CreatePricingModel(ctx, s.Call, store.NewPricingModel{Code: "standard", Name: "Standard"})
	require.NoError(s.t, err)
	terms := models.PlanTerms{Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}, OverageMode: gate.OverageInvoice, GraceSeconds: 3600,
		Collection: models.CollectNone}
	none := s.publish(store.NewPlan{PricingModelID: model.ID, Code: "free", Name: "Free", Kind: models.Base, Terms: terms})
	_, err = st.SetFreePlan(ctx, s.Call, store.FreePlan{PricingModelID: model.ID, PlanID: none.ID})
	require.NoError(s.t, err)
	terms.Collection, terms.Fee = in.Collection, &models.Fee{Amount: decimal.RequireFromString(in.Fee), Currency: "EUR"}
	terms.Grants = []models.GrantRule{{Code: SceneRule, Asset: "CREDIT", Amount: decimal.NewFromInt(20), Expires: models.ExpiresPeriodEnd, Priority: 100}}
	s.Plan = s.publish(store.NewPlan{PricingModelID: model.ID, Code: "starter", Name: "Starter", Kind: models.Base, Terms: terms,
		FeatureIDs: []uuid.UUID{feature.ID}})
	return model.ID
}

func (s *Scene) publish(in store.NewPlan) store.PlanDetail {
	s.t.Helper()
	p, err := s.Store.CreatePlan(s.t.Context(), s.Call, in)
	require.NoError(s.t, err)
	p, err = s.Store.PublishPlanVersion(s.t.Context(), s.Call, store.PlanRef{PlanID: p.ID, Version: store.Versions{p.Version}})
	require.NoError(s.t, err)
	return p
}

// Assign puts the account on the scene's plan; a zero start is the account's now.
func (s *Scene) Assign(start time.Time) models.PlanAssignment {
	s.t.Helper()
	in := store.NewAssignment{Account: s.Account.ID, Plan: s.Plan.ID, SourceKind: "manual", SourceRef: "acme"}
	if !start.IsZero() {
		in.Start = &start
	}
	out, err := s.Store.AssignPlan(s.t.Context(), s.Call, in)
	require.NoError(s.t, err)
	return out.Assignment
}

// SetClock moves the scene's clock at once, past everything that waits: for tests that do the waking themselves.
func (s *Scene) SetClock(at time.Time) {
	s.t.Helper()
	s.Exec("UPDATE test_clocks SET now_at = $2, target_at = $2 WHERE id = $1", s.Clock.ID, at)
}

// Exec changes rows underneath the store, as their owner.
func (s *Scene) Exec(sql string, args ...any) {
	s.t.Helper()
	conn := connect(s.t, s.URL)
	_, err := conn.Exec(s.t.Context(), sql, args...)
	require.NoError(s.t, err)
	require.NoError(s.t, conn.Close(s.t.Context()))
}

// Text asks for one value underneath the store, as text.
func (s *Scene) Text(sql string, args ...any) string {
	s.t.Helper()
	conn := connect(s.t, s.URL)
	var got string
	require.NoError(s.t, conn.QueryRow(s.t.Context(), "SELECT coalesce(("+sql+")::text, '')", args...).Scan(&got))
	require.NoError(s.t, conn.Close(s.t.Context()))
	return got
}

// Sound gives every violation of an invariant, which should be none.
func (s *Scene) Sound() []store.Violation {
	s.t.Helper()
	report, err := s.Store.Verify(s.t.Context(), s.Call)
	require.NoError(s.t, err)
	var found []store.Violation
	for _, f := range report.Findings {
		found = append(found, f.Violations...)
	}
	return found
}
