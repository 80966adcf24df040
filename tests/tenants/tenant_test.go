package tenants_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/tests/harness/system"
)

var began = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// tenant is a realm with one object of every kind that has an id on the wire.
type tenant struct {
	t         *testing.T
	sys       *system.Running
	key       string
	code      string
	realm     uuid.UUID
	principal string
	endpoint  string
	secret    string // of the endpoint
	db        *pgx.Conn

	clock, account, assignment, checkout, key2, event, operation, lease, token                 string
	model, family, meter, feature, credit, plan, invoice, payment, rating, transaction, source string
}

// two starts the system with two realms of the same catalog, whose objects differ in nothing but their realm.
func two(t *testing.T) (a, b *tenant) {
	t.Helper()
	sys := system.Start(t)
	a = &tenant{t: t, sys: sys, key: sys.Key, code: sys.Realm, realm: sys.Call.Realm, principal: "acme", db: harness.Owner(t, sys.URL),
		endpoint: keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint), secret: example.DemoWebhookSecret}
	b = second(t, sys)
	// The fake is one provider account; each realm hears its own events, and what comes later is nobody's.
	address := func(tn *tenant) string { return sys.Base + "/webhooks/stripe/" + tn.endpoint }
	sys.Fake.RemoveEndpoint(address(a))
	for _, tn := range []*tenant{a, b} {
		sys.Fake.SetEndpoint(address(tn), tn.secret)
		tn.fill()
		require.NoError(t, sys.Fake.Drain(t.Context()))
		sys.Fake.RemoveEndpoint(address(tn))
	}
	return a, b
}

func second(t *testing.T, sys *system.Running) *tenant {
	t.Helper()
	pepper := config.Config{Secret: system.Secret}.Derive("service-key")
	endpoint := uuid.Must(uuid.NewV7())
	file := strings.Replace(string(example.Vyndara), `"code": "demo"`, `"code": "second"`, 1)
	seeded, err := example.Seed(t.Context(), sys.Server.Store(), []byte(file), example.Access{Pepper: pepper, Scopes: api.Scopes(), Endpoint: endpoint,
		WebhookSecret: "whsec_of_the_second_realm_only"})
	require.NoError(t, err)
	require.True(t, seeded.Loaded)
	return &tenant{t: t, sys: sys, key: seeded.Key.Reveal(), code: seeded.Realm.Code, realm: seeded.Realm.ID, principal: "umbra", db: harness.Owner(t, sys.URL),
		endpoint: keys.Encode(keys.WebhookEndpoint, endpoint), secret: "whsec_of_the_second_realm_only"}
}

// in gives the tenant to a part of the test, which fails alone.
func (tn *tenant) in(t *testing.T) *tenant {
	own := *tn
	own.t = t
	return &own
}

// fill leads an account through what makes objects: a fee and its payment, credits bought, usage with a price and without.
func (tn *tenant) fill() {
	tn.t.Helper()
	tn.model = tn.list("pricing-models").first("id")
	tn.family = tn.list("feature-families").first("id")
	tn.credit = tn.list("credit-types").first("id")
	tn.meter = tn.list("meters?code=api_requests").first("id")
	tn.feature = tn.list("features?code=api.requests").first("id")
	tn.plan = tn.list("plans?code=api-starter").first("id")
	tn.clock = tn.newClock()
	tn.account = tn.newAccount(tn.principal, tn.clock)
	tn.breach(tn.account)
	accepted := tn.assign(tn.account)
	tn.assignment, tn.operation = accepted.str("operation", "resource", "id"), accepted.str("operation", "id")
	tn.advance(began.Add(time.Minute))
	tn.use("500000")
	tn.post("/v1/usage", map[string]any{"principal_id": tn.principal, "meters": meters("ai_compute", "5")})
	tn.token, tn.lease = tn.newLease()
	tn.checkout = tn.post("/mgt/v1/checkout-sessions", tn.purchase()).str("id")
	tn.complete(tn.checkout)
	tn.key2 = tn.newKey("catalog:read").str("id")
	tn.advance(time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC))
	tn.invoice = tn.list("invoices?billing_account_id=" + tn.account).first("id")
	tn.payment = tn.list("payments?billing_account_id=" + tn.account).first("id")
	tn.rating = tn.list("ratings?billing_account_id=" + tn.account).first("id")
	tn.event = tn.list("stripe-events").first("id")
	tn.transaction = tn.list("settlements?billing_account_id=" + tn.account).first("ledger_transaction_id")
	tn.source = tn.list("ledger/transactions?billing_account_id=" + tn.account).first("source_id")
	for what, id := range map[string]string{"model": tn.model, "family": tn.family, "credit": tn.credit, "meter": tn.meter, "feature": tn.feature,
		"plan": tn.plan, "assignment": tn.assignment, "operation": tn.operation, "invoice": tn.invoice, "payment": tn.payment, "rating": tn.rating,
		"event": tn.event, "transaction": tn.transaction, "source": tn.source, "checkout": tn.checkout, "key": tn.key2, "lease": tn.lease} {
		require.NotEmpty(tn.t, id, what)
	}
}

func meters(code, quantity string) []map[string]any {
	return []map[string]any{{"meter_code": code, "quantity": quantity}}
}

func (tn *tenant) purchase() map[string]any {
	return map[string]any{"billing_account_id": tn.account, "credit_type": "CREDIT", "quantity": "10", "success_url": "https://shop.example/thanks"}
}

func (tn *tenant) newClock() string {
	return tn.post("/mgt/v1/test-clocks", map[string]any{"name": fresh("clock"), "now": began}).str("id")
}

func (tn *tenant) newAccount(principal, clock string) string {
	return tn.post("/mgt/v1/billing-accounts", map[string]any{"principal_id": principal, "name": principal, "test_clock_id": clock}).str("id")
}

func (tn *tenant) assign(account string) answered {
	return tn.post("/mgt/v1/plan-assignments", map[string]any{"billing_account_id": account, "plan_code": "api-starter", "source_kind": "test",
		"source_ref": fresh("ref")})
}

func (tn *tenant) newLease() (token, id string) {
	granted := tn.post("/v1/authorize", map[string]any{"principal_id": tn.principal, "feature_code": "api.requests", "meters": meters("api_requests", "100")})
	require.Equal(tn.t, "allow", granted.str("decision"), granted.text)
	return granted.str("lease", "token"), granted.str("lease", "id")
}

func (tn *tenant) newKey(scopes ...string) answered {
	return tn.post("/mgt/v1/service-keys", map[string]any{"name": fresh("key"), "scopes": scopes})
}

// newPlan makes a plan whose first version is a draft.
func (tn *tenant) newPlan() (id, etag string) {
	made := tn.post("/mgt/v1/plans", tn.planBody())
	return made.str("id"), made.etag
}

func (tn *tenant) publishedPlan() (id, etag string) {
	id, etag = tn.newPlan()
	made := tn.must(tn.send(http.MethodPost, "/mgt/v1/plans/"+id+"/publish", call{header: map[string]string{"If-Match": etag}}))
	return id, made.etag
}

func (tn *tenant) planBody() map[string]any {
	return map[string]any{"pricing_model_id": tn.model, "code": fresh("plan"), "name": "Plan", "kind": "base", "feature_ids": []string{tn.feature},
		"terms": map[string]any{"cadence": map[string]any{"unit": "month", "count": 1}, "grants": []any{}, "overage_mode": "block", "grace_seconds": 0,
			"collection": "none"}}
}

func (tn *tenant) use(quantity string) {
	granted := tn.post("/v1/authorize", map[string]any{"principal_id": tn.principal, "feature_code": "api.requests", "meters": meters("api_requests", quantity)})
	tn.post("/v1/commit", map[string]any{"lease_token": granted.str("lease", "token"), "meters": meters("api_requests", quantity)})
}

// complete pays a checkout as a customer would, and waits for the event.
func (tn *tenant) complete(checkout string) {
	tn.t.Helper()
	session := tn.list("checkout-sessions/" + checkout).str("stripe_session")
	res, err := http.Post(tn.sys.Stripe+"/_fake/checkout/sessions/"+session+"/complete", "application/json", strings.NewReader("{}")) //nolint:noctx // loopback
	require.NoError(tn.t, err)
	require.NoError(tn.t, res.Body.Close())
	require.Eventually(tn.t, func() bool { return tn.list("checkout-sessions/"+checkout).str("status") == "complete" }, time.Minute, 50*time.Millisecond)
}

func (tn *tenant) advance(to time.Time) {
	tn.t.Helper()
	story := example.Story{Client: example.Client{Base: tn.sys.Base, Key: tn.key, Realm: tn.code, HTTP: tn.sys.HTTP}, ClockID: tn.clock}
	require.NoError(tn.t, story.Advance(context.WithoutCancel(tn.t.Context()), to))
}

func (tn *tenant) list(path string) answered {
	tn.t.Helper()
	return tn.must(tn.send(http.MethodGet, "/mgt/v1/"+path, call{}))
}

func (tn *tenant) post(path string, body map[string]any) answered {
	tn.t.Helper()
	return tn.must(tn.send(http.MethodPost, path, call{body: body}))
}

func (tn *tenant) must(a answered) answered {
	tn.t.Helper()
	require.Less(tn.t, a.status, 300, a.text)
	return a
}

// send calls the API with the tenant's key.
func (tn *tenant) send(method, target string, c call) answered {
	tn.t.Helper()
	return tn.sendAs(tn.key, method, target, c)
}

func (tn *tenant) sendAs(key, method, target string, c call) answered {
	tn.t.Helper()
	var body io.Reader
	if c.body != nil {
		raw, err := json.Marshal(c.body)
		require.NoError(tn.t, err)
		body = bytes.NewReader(raw)
	} else if c.raw != "" {
		body = strings.NewReader(c.raw)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(tn.t.Context()), method, tn.sys.Base+target, body)
	require.NoError(tn.t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("X-Realm-Id", tn.code)
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", fresh("call"))
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	} else if c.raw != "" {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	res, err := tn.sys.HTTP.Do(req)
	require.NoError(tn.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(tn.t, err)
	out := answered{status: res.StatusCode, text: string(raw), etag: res.Header.Get("ETag"), header: res.Header}
	require.NoError(tn.t, json.Unmarshal(raw, &out.body), out.text)
	out.code = out.str("code")
	return out
}

// exec changes a row underneath, to bring an object into a state that only failures lead to.
func (tn *tenant) exec(sql string, args ...any) {
	tn.t.Helper()
	_, err := tn.db.Exec(tn.t.Context(), sql, args...)
	require.NoError(tn.t, err)
}

func (tn *tenant) uuid(prefix, wire string) uuid.UUID {
	tn.t.Helper()
	id, err := keys.Decode(prefix, wire)
	require.NoError(tn.t, err)
	return id
}

func fresh(kind string) string { return kind + "-" + strings.ToLower(rand.Text()) }
