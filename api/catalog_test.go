package api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/contract"
	"github.com/durabill/durabill/tests/harness"
)

// office is the whole management face on a real database, with one key of all scopes.
type office struct {
	t       *testing.T
	st      *store.Store
	router  *Router
	call    store.Call
	key     string
	realm   string
	watched http.RoundTripper
}

func newOffice(t *testing.T, change ...func(*Deps)) *office {
	t.Helper()
	t.Parallel()
	st := harness.Store(t)
	ring := store.NewKeyRing(st, []byte("pepper"))
	call := harness.Realm(t, st)
	issued, err := ring.Issue(t.Context(), call, store.NewServiceKey{Name: "office", Scopes: Scopes()})
	require.NoError(t, err)
	deps := Deps{Store: st, Keys: ring, Authenticate: AuthenticateBy(ring), CursorKey: []byte("cursor key"),
		Log: slog.New(slog.DiscardHandler)}
	for _, with := range change {
		with(&deps)
	}
	router := New(deps)
	doc, err := router.OpenAPI()
	require.NoError(t, err)
	o := &office{t: t, st: st, router: router, call: call, key: issued.Token.Reveal(), realm: keys.Encode(keys.Realm, call.Realm)}
	o.watched = contract.Watch(t, doc, transport(func(req *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		router.ServeHTTP(rec, req)
		return rec.Result(), nil
	}))
	return o
}

// send makes one request and gives status, headers and the JSON object that came back.
func (o *office) send(method, target string, body any, headers ...string) (int, http.Header, map[string]any) {
	o.t.Helper()
	var payload io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(o.t, err)
		payload = bytes.NewReader(raw)
	}
	req := httptest.NewRequest(method, target, payload)
	req.Header.Set("Authorization", "Bearer "+o.key)
	req.Header.Set("X-Realm-Id", o.realm)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", uuid.NewString())
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := o.watched.RoundTrip(req)
	require.NoError(o.t, err)
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	require.NoError(o.t, json.NewDecoder(res.Body).Decode(&out))
	return res.StatusCode, res.Header, out
}

// made sends a POST that must succeed.
func (o *office) made(target string, body any, headers ...string) map[string]any {
	o.t.Helper()
	status, _, out := o.send(http.MethodPost, target, body, headers...)
	require.Less(o.t, status, 300, "%s: %v", target, out)
	return out
}

type object = map[string]any

// catalog makes what a plan needs, and gives the ids of pricing model, feature and meter.
func (o *office) catalog() (model, feature, meter string) {
	o.t.Helper()
	meter = o.made("/mgt/v1/meters", object{"code": "api_requests", "name": "API requests", "unit": "request", "aggregation": "sum"})["id"].(string)
	family := o.made("/mgt/v1/feature-families", object{"code": "platform", "name": "Platform"})["id"]
	feature = o.made("/mgt/v1/features", object{"code": "api", "name": "API", "kind": "toggle", "family_id": family, "meter_ids": []string{meter}})["id"].(string)
	credit := o.made("/mgt/v1/credit-types", object{"code": "CREDIT", "name": "Credit"})["id"].(string)
	o.made("/mgt/v1/credit-types/"+credit+"/values", object{"currency": "EUR", "value": "1.00", "effective_at": "2025-01-01T00:00:00Z"})
	model = o.made("/mgt/v1/pricing-models", object{"code": "standard", "name": "Standard"})["id"].(string)
	return model, feature, meter
}

func starterTerms() object {
	return object{"cadence": object{"unit": "month", "count": 1}, "fee": object{"amount": "29.00", "currency": "EUR"},
		"grants":       []object{{"code": "monthly", "asset": "CREDIT", "amount": "20", "expires": "period_end"}},
		"overage_mode": "invoice", "grace_seconds": 3600, "collection": "stripe"}
}

func TestThePlanOfTheExampleCanBeBuiltOverREST(t *testing.T) {
	o := newOffice(t)
	model, feature, meter := o.catalog()
	price := o.made("/mgt/v1/meters/"+meter+"/prices", object{"model": "per_unit", "amount": "1", "currency": "CREDIT", "per_units": "100000",
		"effective_at": "2025-01-01T00:00:00Z"})
	require.Equal(t, "100000", price["per_units"])
	require.Equal(t, "0", price["free_units"])

	plan := o.made("/mgt/v1/plans", object{"pricing_model_id": model, "code": "api-starter", "name": "API Starter", "kind": "base",
		"terms": starterTerms(), "feature_ids": []string{feature}})
	path := "/mgt/v1/plans/" + plan["id"].(string)
	status, _, problem := o.send(http.MethodPost, path+"/publish", nil)
	require.Equal(t, 428, status)
	require.Equal(t, "precondition_required", problem["code"])
	_, head, _ := o.send(http.MethodGet, path, nil)
	status, head, published := o.send(http.MethodPost, path+"/publish", nil, "If-Match", head.Get("ETag"))
	require.Equal(t, 200, status, published)
	require.Equal(t, `"v2"`, head.Get("ETag"))

	version := published["versions"].([]any)[0].(map[string]any)
	require.Equal(t, "active", version["status"])
	require.Equal(t, []any{feature}, version["feature_ids"])
	terms := version["terms"].(map[string]any)
	require.Equal(t, object{"amount": "29.00", "currency": "EUR"}, terms["fee"])
	require.EqualValues(t, 100, terms["grants"].([]any)[0].(map[string]any)["priority"])

	status, _, problem = o.send(http.MethodPatch, path, object{"terms": starterTerms()}, "If-Match", `"v2"`)
	require.Equal(t, 409, status)
	require.Equal(t, "immutable_resource", problem["code"])
}

func TestADraftIsChangedOverRESTByWhoeverHasReadIt(t *testing.T) {
	o := newOffice(t)
	model, feature, _ := o.catalog()
	path := "/mgt/v1/plans/" + o.made("/mgt/v1/plans", object{"pricing_model_id": model, "code": "p", "name": "P", "kind": "base",
		"terms": starterTerms()})["id"].(string)

	status, _, out := o.send(http.MethodPut, path+"/versions/1/entitlements", object{"feature_ids": []string{feature}}, "If-Match", `"v1"`)
	require.Equal(t, 200, status, out)
	status, _, out = o.send(http.MethodPatch, path, object{"name": "Late"}, "If-Match", `"v1"`)
	require.Equal(t, 412, status)
	require.Equal(t, "version_conflict", out["code"])
	broken := starterTerms()
	broken["fee"] = object{"amount": "29.005", "currency": "EUR"}
	status, _, out = o.send(http.MethodPatch, path, object{"name": "Better", "terms": broken}, "If-Match", `"v2"`)
	require.Equal(t, 200, status, out)
	require.Equal(t, "Better", out["name"])
	status, _, out = o.send(http.MethodPost, path+"/publish", nil, "If-Match", `"v3"`)
	require.Equal(t, 422, status)
	require.Equal(t, "/terms/fee/amount", out["errors"].([]any)[0].(map[string]any)["pointer"])

	status, _, out = o.send(http.MethodPatch, path, object{"terms": starterTerms()}, "If-Match", `"v3"`)
	require.Equal(t, 200, status, out)
	o.made(path+"/publish", nil, "If-Match", `"v4"`)
	out = o.made(path+"/versions", nil)
	require.Len(t, out["versions"], 2)
	status, _, out = o.send(http.MethodDelete, path+"/versions/2", nil, "If-Match", `"v6"`)
	require.Equal(t, 200, status, out)
	require.Len(t, out["versions"], 1)
	out = o.made(path+"/deprecate", nil)
	require.Equal(t, "deprecated", out["versions"].([]any)[0].(map[string]any)["status"])
}

func TestAFreePlanIsSetOverREST(t *testing.T) {
	o := newOffice(t)
	model, _, _ := o.catalog()
	terms := starterTerms()
	delete(terms, "fee")
	delete(terms, "grants")
	plan := o.made("/mgt/v1/plans", object{"pricing_model_id": model, "code": "free", "name": "Free", "kind": "base", "terms": terms})["id"].(string)
	o.made("/mgt/v1/plans/"+plan+"/publish", nil, "If-Match", `"v1"`)
	status, _, out := o.send(http.MethodPatch, "/mgt/v1/pricing-models/"+model, object{"free_plan_id": plan}, "If-Match", `"v1"`)
	require.Equal(t, 200, status, out)
	require.Equal(t, plan, out["free_plan_id"])
	_, _, out = o.send(http.MethodGet, "/mgt/v1/pricing-models?code=standard", nil)
	require.Equal(t, plan, out["data"].([]any)[0].(map[string]any)["free_plan_id"])
}

func TestARepeatedCreateGetsTheSameBytesBack(t *testing.T) {
	o := newOffice(t)
	body := object{"code": "m1", "name": "M", "unit": "u", "aggregation": "sum"}
	_, first, one := o.send(http.MethodPost, "/mgt/v1/meters", body, "Idempotency-Key", "k")
	status, second, two := o.send(http.MethodPost, "/mgt/v1/meters", body, "Idempotency-Key", "k")
	require.Equal(t, 201, status)
	require.Equal(t, one, two)
	require.Empty(t, first.Get("Idempotent-Replayed"))
	require.Equal(t, "true", second.Get("Idempotent-Replayed"))
	for _, name := range []string{"Location", "ETag"} {
		require.NotEmpty(t, first.Get(name))
		require.Equal(t, first.Get(name), second.Get(name))
	}
	body["name"] = "Other"
	status, _, problem := o.send(http.MethodPost, "/mgt/v1/meters", body, "Idempotency-Key", "k")
	require.Equal(t, 409, status)
	require.Equal(t, "idempotency_key_reused", problem["code"])
	status, _, problem = o.send(http.MethodPost, "/mgt/v1/meters", body)
	require.Equal(t, 409, status, "the code is taken whatever the key")
	require.Equal(t, "already_exists", problem["code"])
}

func TestAListIsWalkedPageByPageAndNothingIsSkippedOrRepeated(t *testing.T) {
	o := newOffice(t)
	for _, code := range strings.Split("a b c d e", " ") {
		o.made("/mgt/v1/meters", object{"code": code, "name": code, "unit": "u", "aggregation": "sum"})
	}
	var seen []string
	target := "/mgt/v1/meters?limit=2"
	for range 3 {
		_, _, out := o.send(http.MethodGet, target, nil)
		for _, row := range out["data"].([]any) {
			seen = append(seen, row.(map[string]any)["code"].(string))
		}
		o.made("/mgt/v1/meters", object{"code": "late" + uuid.NewString()[:6], "name": "late", "unit": "u", "aggregation": "sum"})
		next, _ := out["page"].(map[string]any)["next_cursor"].(string)
		target = "/mgt/v1/meters?limit=2&cursor=" + next
	}
	require.Equal(t, []string{"e", "d", "c", "b", "a"}, seen)
}

func TestASecretIsShownOnceAndAKeyCannotMakeAStrongerOne(t *testing.T) {
	o := newOffice(t)
	body := object{"name": "reader", "scopes": []string{"catalog:read", "keys:write"}}
	_, _, first := o.send(http.MethodPost, "/mgt/v1/service-keys", body, "Idempotency-Key", "k")
	status, _, again := o.send(http.MethodPost, "/mgt/v1/service-keys", body, "Idempotency-Key", "k")
	require.Equal(t, 201, status)
	require.Equal(t, first["id"], again["id"])
	require.NotContains(t, again, "secret")

	reader := *o
	reader.key = first["secret"].(string)
	status, _, _ = reader.send(http.MethodGet, "/mgt/v1/meters", nil)
	require.Equal(t, 200, status)
	for _, scope := range []string{"ledger:read", "everything"} {
		status, _, _ = reader.send(http.MethodPost, "/mgt/v1/service-keys", object{"name": scope, "scopes": []string{scope}})
		require.Contains(t, []int{403, 422}, status, scope)
	}

	status, _, revoked := o.send(http.MethodDelete, "/mgt/v1/service-keys/"+first["id"].(string), nil)
	require.Equal(t, 200, status)
	require.NotNil(t, revoked["revoked_at"])
	status, _, problem := reader.send(http.MethodGet, "/mgt/v1/meters", nil)
	require.Equal(t, 401, status)
	require.Equal(t, "key_revoked", problem["code"])
	_, _, listed := o.send(http.MethodGet, "/mgt/v1/service-keys", nil)
	require.Len(t, listed["data"], 2)
}

func TestRealmAuditAndTheWayToAnOperation(t *testing.T) {
	o := newOffice(t)
	_, _, realm := o.send(http.MethodGet, "/mgt/v1/realm", nil)
	require.Equal(t, o.realm, realm["id"])
	meter := o.made("/mgt/v1/meters", object{"code": "m", "name": "M", "unit": "u", "aggregation": "sum"}, "X-Request-Id", "req-7")["id"].(string)
	_, _, log := o.send(http.MethodGet, "/mgt/v1/audit-log?object_id="+meter, nil)
	entry := log["data"].([]any)[0].(map[string]any)
	require.Equal(t, "meter.created", entry["action"])
	require.Equal(t, "office", entry["actor"])
	require.Equal(t, "req-7", entry["request_id"])
	status, _, problem := o.send(http.MethodGet, "/mgt/v1/operations/"+keys.Encode(keys.Operation, uuid.Must(uuid.NewV7())), nil)
	require.Equal(t, 404, status)
	require.Equal(t, "not_found", problem["code"])
	status, _, _ = o.send(http.MethodGet, "/mgt/v1/realm", nil, "X-Realm-Id", "another")
	require.Equal(t, 403, status)
}

func TestPricesAndValuesAreReadAsOfAnInstant(t *testing.T) {
	o := newOffice(t)
	_, _, meter := o.catalog()
	for _, at := range []string{"2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"} {
		o.made("/mgt/v1/meters/"+meter+"/prices", object{"model": "package", "amount": "0.00001", "currency": "EUR", "effective_at": at})
	}
	_, _, out := o.send(http.MethodGet, "/mgt/v1/meters/"+meter+"/prices?currency=EUR&at=2025-01-31T23:59:59Z", nil)
	require.Len(t, out["data"], 1)
	require.Equal(t, "2025-01-01T00:00:00Z", out["data"].([]any)[0].(map[string]any)["effective_at"])
	_, _, types := o.send(http.MethodGet, "/mgt/v1/credit-types?code=CREDIT", nil)
	credit := types["data"].([]any)[0].(map[string]any)["id"].(string)
	_, _, out = o.send(http.MethodGet, "/mgt/v1/credit-types/"+credit+"/values?at=2024-12-31T23:59:59Z", nil)
	require.Empty(t, out["data"])
	status, _, problem := o.send(http.MethodPost, "/mgt/v1/meters/"+meter+"/prices", object{"model": "per_unit", "amount": "1", "currency": "GOLD"})
	require.Equal(t, 422, status)
	require.Equal(t, "/currency", problem["errors"].([]any)[0].(map[string]any)["pointer"])
}

func TestAFeatureIsRenamedAndMeasuredByMore(t *testing.T) {
	o := newOffice(t)
	_, feature, _ := o.catalog()
	other := o.made("/mgt/v1/meters", object{"code": "pageviews", "name": "Pageviews", "unit": "view", "aggregation": "sum"})["id"]
	status, head, out := o.send(http.MethodPatch, "/mgt/v1/features/"+feature, object{"name": "New", "add_meter_ids": []any{other}}, "If-Match", `"v1"`)
	require.Equal(t, 200, status, out)
	require.Equal(t, `"v2"`, head.Get("ETag"))
	require.Len(t, out["meter_ids"], 2)
	for _, path := range []string{"/mgt/v1/features/" + feature, "/mgt/v1/features?code=api", "/mgt/v1/feature-families?code=platform", "/mgt/v1/plans?status=active"} {
		status, _, _ = o.send(http.MethodGet, path, nil)
		require.Equal(t, 200, status, path)
	}
}
