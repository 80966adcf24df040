package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
)

func TestAnAccountStandsOnTheFreePlanFromItsFirstInstant(t *testing.T) {
	c := newCustomer(t)
	account := c.only("/mgt/v1/billing-accounts?principal_id=acme")
	require.Equal(t, c.account, account["id"])
	require.Equal(t, began, account["effective_at"])
	require.Nil(t, account["currency"])
	require.Equal(t, account, c.read("/mgt/v1/billing-accounts/"+c.account))
	free := c.only("/mgt/v1/plan-assignments?billing_account_id=" + c.account)
	require.Equal(t, true, free["is_free"])
	require.Equal(t, "active", free["status"])
	require.Equal(t, free, c.read("/mgt/v1/plan-assignments/"+free["id"].(string)))

	status, _, problem := c.send(http.MethodPost, "/mgt/v1/billing-accounts", object{"principal_id": "acme"})
	require.Equal(t, 409, status)
	require.Equal(t, "already_exists", problem["code"])
	status, _, problem = c.send(http.MethodPost, "/mgt/v1/billing-accounts", object{"principal_id": "b", "timezone": "Mars/Olympus"})
	require.Equal(t, 422, status, problem)
	require.Equal(t, "/timezone", problem["errors"].([]any)[0].(object)["pointer"])
}

func TestAnAssignmentIsAcceptedWithAnOperationToFollow(t *testing.T) {
	c := newCustomer(t)
	body := object{"billing_account_id": c.account, "plan_code": "api-starter"}
	status, head, out := c.send(http.MethodPost, "/mgt/v1/plan-assignments", body, "Idempotency-Key", "assign-1")
	require.Equal(t, 202, status, out)
	op := out["operation"].(object)
	require.Equal(t, "/mgt/v1/operations/"+op["id"].(string), head.Get("Location"))
	assignment := op["resource"].(object)
	require.Equal(t, "plan-assignment/"+assignment["id"].(string), op["workflow_id"])
	require.Equal(t, "assign-1", assignment["source_ref"])
	require.Equal(t, "running", c.read(head.Get("Location"))["status"])

	_, head, again := c.send(http.MethodPost, "/mgt/v1/plan-assignments", body, "Idempotency-Key", "assign-1")
	require.Equal(t, "true", head.Get("Idempotent-Replayed"))
	require.Equal(t, out, again)
	body["plan_code"] = "nothing"
	status, _, out = c.send(http.MethodPost, "/mgt/v1/plan-assignments", body)
	require.Equal(t, 404, status, out)
}

func TestACancellationAtThePeriodsEndIsNotedAndFallsBackToTheFreePlan(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	out := c.made("/mgt/v1/plan-assignments/"+c.assignment+"/cancel", object{"when": "period_end"})
	canceled := out["operation"].(object)["resource"].(object)
	require.Equal(t, "period_end", canceled["cancel_mode"])
	require.Equal(t, "2026-02-27T23:00:00Z", canceled["end_at"])
	require.Equal(t, "active", canceled["status"])
	for at, feature := range map[string]int{"2026-02-27T22:59:59Z": 1, "2026-02-27T23:00:00Z": 0} {
		require.Len(t, c.read("/v1/entitlements?principal_id=acme&at=" + at)["entitlements"], feature, at)
	}
}

func TestBooksInvoicesPaymentsAndPeriodsAreRead(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	inv := c.only("/mgt/v1/invoices?billing_account_id=" + c.account + "&status=paid")
	require.Equal(t, "INV-000001", inv["number"])
	require.Equal(t, object{"amount": "29.00", "currency": "EUR"}, inv["total"])
	whole := c.read("/mgt/v1/invoices/" + inv["id"].(string))
	require.Len(t, whole["lines"], 1)
	require.Equal(t, "fee", whole["lines"].([]any)[0].(object)["kind"])
	payment := c.only("/mgt/v1/payments?invoice_id=" + inv["id"].(string))
	require.Equal(t, "succeeded", payment["status"])
	period := c.only("/mgt/v1/billing-periods?plan_assignment_id=" + c.assignment)
	require.Equal(t, "2026-02-27T23:00:00Z", period["end_at"])
	lots := c.read("/mgt/v1/grants?billing_account_id=" + c.account)["data"].([]any)
	require.Len(t, lots, 2) // the next period's is on its way
	balance := c.read("/mgt/v1/billing-accounts/" + c.account + "/balance")["balances"].([]any)[0].(object)
	require.Equal(t, "20", dec(balance["posted"].(string)))
	require.Len(t, balance["lots"], 2)

	for _, line := range c.read("/mgt/v1/ledger/trial-balance")["data"].([]any) {
		require.Equal(t, "0", dec(line.(object)["balance"].(string)), line)
	}
	// Walking with pages of one shows every account and every entry once.
	require.Len(t, c.walk("/mgt/v1/ledger/accounts?limit=1"), 5)
	require.Len(t, c.walk("/mgt/v1/ledger/entries?limit=1"), 6)
	require.Len(t, c.walk("/mgt/v1/ledger/transactions?limit=1"), 3)
	require.Empty(t, c.walk("/mgt/v1/ledger/accounts?at=2026-01-30T22:59:59Z"))
	receivable := c.only("/mgt/v1/ledger/accounts?account=ar:" + c.account)
	require.Equal(t, "0.00", receivable["balance"].(object)["amount"])
	require.Equal(t, c.account, receivable["billing_account_id"])
}

func TestAClockIsMovedForwardOnly(t *testing.T) {
	c := newCustomer(t)
	clock := c.only("/mgt/v1/test-clocks?name=demo")
	require.Equal(t, began, clock["now"])
	status, _, problem := c.send(http.MethodPost, "/mgt/v1/test-clocks/"+c.clock+"/advance", object{"target": "2026-01-01T00:00:00Z"})
	require.Equal(t, 422, status, problem)
	status, _, out := c.send(http.MethodPost, "/mgt/v1/test-clocks/"+c.clock+"/advance", object{"target": "2026-02-01T00:00:00Z"})
	require.Equal(t, 202, status, out)
	require.Equal(t, "advancing", c.read("/mgt/v1/test-clocks/" + c.clock)["status"])
}

func TestAnotherRealmsObjectsAreNotThere(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	lease := c.authorize("1")["lease"].(object)["id"].(string)
	inv := c.only("/mgt/v1/invoices")["id"].(string)
	transaction := c.read("/mgt/v1/ledger/transactions")["data"].([]any)[0].(object)["id"].(string)
	stranger := newStranger(c.office)
	for _, path := range []string{"/mgt/v1/billing-accounts/" + c.account, "/mgt/v1/billing-accounts/" + c.account + "/balance",
		"/mgt/v1/billing-accounts/" + c.account + "/explain", "/mgt/v1/plan-assignments/" + c.assignment, "/mgt/v1/test-clocks/" + c.clock,
		"/mgt/v1/invoices/" + inv, "/mgt/v1/ledger/transactions/" + transaction, "/v1/leases/" + lease,
		"/v1/balance?billing_account_id=" + c.account, "/v1/entitlements?principal_id=acme"} {
		status, _, problem := stranger.send(http.MethodGet, path, nil)
		require.Equal(t, 404, status, path)
		require.Equal(t, "not_found", problem["code"])
	}
	for _, path := range []string{"/mgt/v1/invoices", "/mgt/v1/ledger/entries", "/mgt/v1/ledger/accounts", "/mgt/v1/grants", "/mgt/v1/billing-accounts"} {
		require.Empty(t, stranger.read(path)["data"], path)
	}
	status, _, _ := stranger.send(http.MethodPost, "/v1/authorize", object{"billing_account_id": c.account, "feature_code": "api"})
	require.Equal(t, 404, status)
}

func TestASuspendedAccountBeginsNothingUntilItIsResumed(t *testing.T) {
	c := newCustomer(t)
	c.subscribe()
	path := "/mgt/v1/billing-accounts/" + c.account
	require.Equal(t, "suspended", c.made(path+"/suspend", nil, "Idempotency-Key", "s-1")["status"])
	require.Equal(t, "suspended", c.made(path+"/suspend", nil, "Idempotency-Key", "s-1")["status"])
	require.Equal(t, "account_suspended", c.authorize("1")["reason"])
	status, _, problem := c.send(http.MethodPost, path+"/unpark", nil)
	require.Equal(t, 409, status)
	require.Equal(t, "state_conflict", problem["code"])
	require.Equal(t, "active", c.made(path+"/resume", nil)["status"])
	require.Equal(t, "allow", c.authorize("1")["decision"])
	require.NoError(t, c.st.ParkAccount(c.ctx, c.call, c.id(keys.BillingAccount, c.account), "a sum looks wrong"))
	require.Equal(t, "a sum looks wrong", c.read(path)["parked_reason"])
	status, _, problem = c.send(http.MethodPost, path+"/resume", nil)
	require.Equal(t, 409, status, problem)
	require.Nil(t, c.made(path+"/unpark", nil)["parked_reason"])
}
