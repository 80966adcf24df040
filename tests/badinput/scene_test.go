package badinput

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// start is where the plan of the scene begins; the account's clock stands five days later.
var start = time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC)

const webhookSecret = "whsec_badinput_only"

// scene is the whole API in this process over a real database, in a realm that has at least one of everything that can be read.
type scene struct {
	*harness.Scene
	t        *testing.T
	router   http.Handler
	ring     *store.KeyRing
	doc      *document
	key      string
	realm    string
	owner    *pgx.Conn
	digests  string // the query behind digest
	endpoint uuid.UUID
	foreign  map[string]string // ids of another realm's objects, by prefix
	secret   []byte            // derives lease tokens
	ids      map[string]string
	serial   atomic.Int64
	fixtures map[string]func(*scene) request
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, ids: map[string]string{}, fixtures: newFixtures(), endpoint: uuid.New(), secret: []byte(rand.Text()),
		Scene: harness.NewScene(t, harness.Setting{Now: start.Add(-11 * time.Hour), Zone: "Europe/Berlin", Collection: models.CollectStripe})}
	ctx := t.Context()
	realm, err := s.Store.GetRealm(ctx, s.Call)
	require.NoError(t, err)
	s.realm = realm.Code
	pepper := []byte(rand.Text())
	s.ring = store.NewKeyRing(s.Store, pepper)
	s.key = s.issue(store.NewServiceKey{Name: "everything", Scopes: api.Scopes()})
	_, err = s.Store.CreateStripeEndpoint(ctx, s.Call, s.endpoint, []string{webhookSecret}, false)
	require.NoError(t, err)
	s.foreign = s.elsewhere()
	router := api.New(api.Deps{Store: s.Store, Keys: s.ring, Authenticate: api.AuthenticateBy(s.ring), CursorKey: []byte(rand.Text()),
		LeaseSecret: s.secret, OpenCheckout: provider(t).CreateCheckoutSession, Log: slog.New(slog.DiscardHandler)})
	s.router = router
	raw, err := router.OpenAPI()
	require.NoError(t, err)
	s.doc = newDocument(t, raw)
	s.owner = harness.Owner(t, s.URL)
	s.digests = s.digestQuery()
	s.live()
	return s
}

func provider(t *testing.T) *gateway.Stripe {
	t.Helper()
	fake, err := stripefake.New(stripefake.Options{})
	require.NoError(t, err)
	web := httptest.NewServer(fake)
	stripe, err := gateway.New(gateway.Config{APIKey: "sk_test_badinput", BaseURL: web.URL})
	require.NoError(t, err)
	t.Cleanup(func() { stripe.Close(); web.Close(); require.NoError(t, fake.Close()) })
	return stripe
}

func (s *scene) issue(in store.NewServiceKey) string {
	s.t.Helper()
	k, err := s.ring.Issue(s.t.Context(), s.Call, in)
	require.NoError(s.t, err)
	return k.Token.Reveal()
}

// elsewhere makes objects in a realm that the scene's key does not open, by the prefix of their ids.
func (s *scene) elsewhere() map[string]string {
	s.t.Helper()
	ctx, call := s.t.Context(), harness.Realm(s.t, s.Store)
	meter, err := s.Store.CreateMeter(ctx, call, store.NewMeter{Code: "m", Name: "M", Unit: "u", Aggregation: metering.AggregationSum})
	require.NoError(s.t, err)
	feature, err := s.Store.CreateFeature(ctx, call, store.NewFeature{Code: "f", Name: "F", Kind: models.Toggle, MeterIDs: []uuid.UUID{meter.ID}})
	require.NoError(s.t, err)
	model, err := s.Store.CreatePricingModel(ctx, call, store.NewPricingModel{Code: "p", Name: "P"})
	require.NoError(s.t, err)
	clock, err := s.Store.CreateClock(ctx, call, "c", start)
	require.NoError(s.t, err)
	out := map[string]string{}
	for prefix, id := range map[string]uuid.UUID{keys.Meter: meter.ID, keys.Feature: feature.ID, keys.PricingModel: model.ID, keys.TestClock: clock.ID} {
		out[prefix] = keys.Encode(prefix, id)
	}
	return out
}

// live lets the account live through its first days, so that there is an invoice, a payment, periods, lots, ratings,
// settlements and something in quarantine.
func (s *scene) live() {
	s.t.Helper()
	ctx, st, call := s.t.Context(), s.Store, s.Call
	assignment := s.Assign(start)
	s.SetClock(start)
	turn, err := st.NextTurn(ctx, call, assignment.ID)
	require.NoError(s.t, err)
	require.NoError(s.t, st.TakeTurn(ctx, call, assignment.ID, turn))
	lot, err := st.NextIssuance(ctx, call, assignment.ID, harness.SceneRule)
	require.NoError(s.t, err)
	require.NoError(s.t, st.IssueLot(ctx, call, assignment.ID, harness.SceneRule, lot.Index))
	closed, err := st.CloseRun(ctx, call, s.Account.ID, start)
	require.NoError(s.t, err)
	require.Len(s.t, closed.Invoices, 1)
	invoice, err := st.FinalizeInvoice(ctx, call, closed.Invoices[0])
	require.NoError(s.t, err)
	_, err = st.RecordPayment(ctx, call, store.Paid{Invoice: invoice.ID, Object: "in_1", Ref: "pi_1",
		Amount: money.Amount{Value: invoice.Total, Asset: invoice.Currency}})
	require.NoError(s.t, err)
	s.SetClock(start.Add(5 * 24 * time.Hour))
	lease := s.authorize("a-1")
	committed, err := st.CommitLease(ctx, call, store.Use{Token: lease.Token, Meters: requests("700000"), Close: true, Key: "c-1", Hash: []byte("h")})
	require.NoError(s.t, err)
	require.Len(s.t, committed.Ratings, 1)
	over := s.authorize("a-2")
	beyond, err := st.CommitLease(ctx, call, store.Use{Token: over.Token, Meters: requests("99000000"), Close: true, Key: "c-2", Hash: []byte("h")})
	require.NoError(s.t, err)
	require.Len(s.t, beyond.Quarantined, 1)
	_, err = st.SettleRatings(ctx, call, s.Account.ID, 10)
	require.NoError(s.t, err)
	ledger, _, err := st.ListLedgerTransactions(ctx, call, store.Page{Limit: 1}, store.LedgerFilter{})
	require.NoError(s.t, err)
	s.ids = map[string]string{
		"account": keys.Encode(keys.BillingAccount, s.Account.ID), "assignment": keys.Encode(keys.PlanAssignment, assignment.ID),
		"invoice": keys.Encode(keys.Invoice, invoice.ID), "rating": keys.Encode(keys.Rating, committed.Ratings[0].Rating.ID),
		"lease": keys.Encode(keys.Lease, committed.LeaseID), "clock": keys.Encode(keys.TestClock, s.Clock.ID),
		"ledger": keys.Encode(keys.LedgerTransaction, ledger[0].ID), "plan": keys.Encode(keys.Plan, s.Plan.ID),
		"model": keys.Encode(keys.PricingModel, s.Plan.PricingModelID), "endpoint": keys.Encode(keys.WebhookEndpoint, s.endpoint),
	}
}

func (s *scene) authorize(key string) store.Authorized {
	s.t.Helper()
	out, err := s.Store.Authorize(s.t.Context(), s.Call, store.Ask{Account: s.Account.ID, FeatureCode: harness.SceneFeature, Meters: requests("700000"),
		TTL: time.Hour, Key: key, Hash: []byte("h"), Secret: s.secret})
	require.NoError(s.t, err)
	require.True(s.t, out.Decision.Allow)
	return out
}

func requests(quantity string) []gate.MeterQuantity {
	return []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.RequireFromString(quantity)}}
}
