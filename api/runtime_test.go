package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACommitPaysFromLotsAndTheProofIsReadBack(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	granted := c.authorize("2500000", "Idempotency-Key", "a-1")
	require.Equal(t, "allow", granted["decision"])
	require.Equal(t, object{"amount": "20", "currency": "CREDIT"}, scaled(granted["hold"]))
	again := c.authorize("2500000", "Idempotency-Key", "a-1")
	require.Equal(t, granted, again)
	lease := granted["lease"].(object)
	require.Equal(t, "active", c.read("/v1/leases/" + lease["id"].(string))["status"])
	held := c.read("/v1/balance?principal_id=acme")["balances"].([]any)[0].(object)
	require.Equal(t, "20", held["held"])
	require.Equal(t, "0", held["spendable"])

	use := object{"lease_token": lease["token"], "meters": requests("2500000")}
	done := c.made("/v1/commit", use, "Idempotency-Key", "c-1")
	require.Equal(t, "rated", done["status"])
	require.Equal(t, done, c.made("/v1/commit", use, "Idempotency-Key", "c-1"))
	rated := done["ratings"].([]any)[0].(object)
	require.Len(t, rated["allocations"], 2)
	require.Equal(t, object{"amount": "5", "currency": "CREDIT"}, scaled(rated["overage"]))
	status, _, problem := c.send(http.MethodPost, "/v1/commit", use, "Idempotency-Key", "c-2")
	require.Equal(t, 409, status)
	require.Equal(t, "lease_closed", problem["code"])

	id := rated["id"].(string)
	require.Nil(t, c.read("/mgt/v1/ratings/" + id)["settlement"])
	c.settle()
	rating := c.only("/mgt/v1/ratings?billing_account_id=" + c.account)
	require.Equal(t, c.read("/mgt/v1/ratings/"+id), rating)
	transaction := rating["settlement"].(object)["ledger_transaction_id"].(string)
	require.Len(t, c.read("/mgt/v1/ledger/transactions/" + transaction)["entries"], 4)
	require.Equal(t, id, c.only("/mgt/v1/settlements?ledger_transaction_id=" + transaction)["rating_id"])

	chain := c.read("/mgt/v1/ratings/" + id + "/explain")
	require.Equal(t, "c-1", chain["source"].(object)["idempotency_key"])
	require.Equal(t, "100000", chain["price"].(object)["per_units"])
	require.Nil(t, chain["invoice"])
	told := c.read("/mgt/v1/billing-accounts/" + c.account + "/explain")
	require.Equal(t, "api-starter v1; 20 of 20 CREDIT spent, 5 CREDIT of overage so far, not invoiced yet", told["answer"])
	require.Len(t, told["ratings"], 1)
	require.Len(t, told["funding"], 1)
	require.Len(t, told["ledger"], 2)
}

func scaled(v any) object {
	o := v.(object)
	return object{"amount": dec(o["amount"].(string)), "currency": o["currency"]}
}

func TestADenialIsAnAnswerUnlessAskedForAsAnError(t *testing.T) {
	c := newCustomer(t)
	out := c.authorize("1")
	require.Equal(t, "deny", out["decision"])
	require.Equal(t, "feature_not_entitled", out["reason"])
	require.Nil(t, out["lease"])
	require.NotEmpty(t, out["hints"])
	status, _, problem := c.send(http.MethodPost, "/v1/authorize?on_deny=http", object{"feature_code": "api", "meters": requests("1")}, "X-Principal-Id", "acme")
	require.Equal(t, 403, status)
	require.Equal(t, "feature_not_entitled", problem["code"])
	require.NotEmpty(t, problem["hints"])
	status, _, problem = c.send(http.MethodPost, "/v1/authorize", object{"feature_code": "api"})
	require.Equal(t, 422, status, problem)

	verdicts := c.made("/v1/entitlements/check", object{"principal_id": "acme", "feature_codes": []string{"api", "nothing"}})["results"].([]any)
	require.Len(t, verdicts, 2)
	require.Equal(t, false, verdicts[0].(object)["allowed"])
	c.subscribe()
	verdicts = c.made("/v1/entitlements/check", object{"billing_account_id": c.account, "feature_codes": []string{"api", "nothing"}})["results"].([]any)
	require.Equal(t, true, verdicts[0].(object)["allowed"])
	require.Equal(t, "feature_not_entitled", verdicts[1].(object)["reason"])
}

func TestAReleasedLeaseFreesItsHoldOnce(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	lease := c.authorize("500000")["lease"].(object)
	for range 2 {
		require.Equal(t, "released", c.made("/v1/release", object{"lease_token": lease["token"]})["status"])
	}
	held := c.read("/v1/balance?billing_account_id=" + c.account)["balances"].([]any)[0].(object)
	require.Equal(t, "0", held["held"])
	require.Equal(t, "20", dec(held["available"].(string)))
	status, _, problem := c.send(http.MethodPost, "/v1/commit", object{"lease_token": lease["token"], "meters": requests("1")})
	require.Equal(t, 409, status)
	require.Equal(t, "lease_released", problem["code"])
	status, _, problem = c.send(http.MethodPost, "/v1/commit", object{"lease_token": lease["token"], "meters": requests("-1")})
	require.Equal(t, 422, status)
	require.Equal(t, "/meters/0/quantity", problem["errors"].([]any)[0].(object)["pointer"])
}

func TestWhatIsAboveTheLeaseIsQuarantined(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	lease := c.authorize("0")["lease"].(object)
	status, _, out := c.send(http.MethodPost, "/v1/commit", object{"lease_token": lease["token"], "meters": requests("5")})
	require.Equal(t, 202, status, out)
	require.Equal(t, "quarantined", out["status"])
	item := c.only("/mgt/v1/quarantine?billing_account_id=" + c.account)
	require.Equal(t, out["quarantine_id"], item["id"])
	require.Equal(t, "lease.bounds_exceeded", item["reason"])
}

func TestReportedUsageIsRatedByAWorker(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	body := object{"principal_id": "acme", "meters": requests("250000"), "labels": object{"job": "7"}}
	status, _, out := c.send(http.MethodPost, "/v1/usage", body, "Idempotency-Key", "u-1")
	require.Equal(t, 202, status, out)
	_, head, again := c.send(http.MethodPost, "/v1/usage", body, "Idempotency-Key", "u-1")
	require.Equal(t, "true", head.Get("Idempotent-Replayed"))
	require.Equal(t, out, again)
	c.settle()
	rating := c.only("/mgt/v1/ratings?billing_account_id=" + c.account)
	require.Equal(t, "usage", rating["source_kind"])
	require.Equal(t, "2.5", dec(rating["covered"].(object)["amount"].(string)))
	status, _, problem := c.send(http.MethodPost, "/v1/usage", object{"principal_id": "acme", "meters": []object{{"meter_code": "none", "quantity": "1"}}})
	require.Equal(t, 422, status, problem)
	body["meters"] = requests("1")
	status, _, problem = c.send(http.MethodPost, "/v1/usage", body, "Idempotency-Key", "u-1")
	require.Equal(t, 409, status)
	require.Equal(t, "idempotency_key_reused", problem["code"])
}
