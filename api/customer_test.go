package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

const began = "2026-01-30T23:00:00Z"

// customer is an office with an account on a test clock, on the plan of the example from the clock's instant on.
type customer struct {
	*office
	ctx                        context.Context
	clock, account, assignment string
	assigned                   object
}

func newCustomer(t *testing.T, change ...func(*Deps)) *customer {
	t.Helper()
	o := newOffice(t, change...)
	model, feature, meter := o.catalog()
	o.made("/mgt/v1/meters/"+meter+"/prices", object{"model": "per_unit", "amount": "1", "currency": "CREDIT", "per_units": "100000",
		"effective_at": "2025-01-01T00:00:00Z"})
	none := starterTerms()
	delete(none, "fee")
	delete(none, "grants")
	o.offer(model, "api-starter", starterTerms(), feature)
	status, _, out := o.send(http.MethodPatch, "/mgt/v1/pricing-models/"+model, object{"free_plan_id": o.offer(model, "free", none)}, "If-Match", `"v1"`)
	require.Equal(t, 200, status, out)
	c := &customer{office: o, ctx: t.Context()}
	c.clock = o.made("/mgt/v1/test-clocks", object{"name": "demo", "now": began})["id"].(string)
	c.account = o.made("/mgt/v1/billing-accounts", object{"principal_id": "acme", "name": "ACME GmbH", "email": "billing@acme.example",
		"timezone": "Europe/Berlin", "test_clock_id": c.clock})["id"].(string)
	return c
}

// offer makes and publishes a base plan.
func (o *office) offer(model, code string, terms object, features ...string) string {
	o.t.Helper()
	if features == nil {
		features = []string{}
	}
	id := o.made("/mgt/v1/plans", object{"pricing_model_id": model, "code": code, "name": code, "kind": "base", "terms": terms,
		"feature_ids": features})["id"].(string)
	o.made("/mgt/v1/plans/"+id+"/publish", nil, "If-Match", `"v1"`)
	return id
}

// subscribe assigns the plan and does what its workflows would do at once: open the period, issue the credits, bill the fee.
func (c *customer) subscribe() {
	c.t.Helper()
	c.assigned = c.made("/mgt/v1/plan-assignments", object{"billing_account_id": c.account, "plan_code": "api-starter", "source_ref": "acme-1"})
	c.assignment = c.assigned["operation"].(object)["resource"].(object)["id"].(string)
	id, account := c.id(keys.PlanAssignment, c.assignment), c.id(keys.BillingAccount, c.account)
	turn, err := c.st.NextTurn(c.ctx, c.call, id)
	require.NoError(c.t, err)
	require.NoError(c.t, c.st.TakeTurn(c.ctx, c.call, id, turn))
	require.NoError(c.t, c.st.IssueLot(c.ctx, c.call, id, "monthly", 0))
	at, err := time.Parse(time.RFC3339, began)
	require.NoError(c.t, err)
	closed, err := c.st.CloseRun(c.ctx, c.call, account, at)
	require.NoError(c.t, err)
	require.Len(c.t, closed.Invoices, 1)
	inv, err := c.st.FinalizeInvoice(c.ctx, c.call, closed.Invoices[0])
	require.NoError(c.t, err)
	_, err = c.st.RecordPayment(c.ctx, c.call, store.Paid{Invoice: inv.ID, Object: "in_1", Ref: "ch_1",
		Amount: money.Amount{Value: inv.Total, Asset: inv.Currency}})
	require.NoError(c.t, err)
}

// settle does what the workers do: rate what was reported, post what was rated.
func (c *customer) settle() {
	c.t.Helper()
	account := c.id(keys.BillingAccount, c.account)
	_, err := c.st.RateUsage(c.ctx, c.call, account, 100)
	require.NoError(c.t, err)
	_, err = c.st.SettleRatings(c.ctx, c.call, account, 100)
	require.NoError(c.t, err)
}

func (o *office) id(prefix, s string) uuid.UUID {
	o.t.Helper()
	id, err := keys.Decode(prefix, s)
	require.NoError(o.t, err)
	return id
}

// read sends a GET that must succeed.
func (o *office) read(target string) object {
	o.t.Helper()
	status, _, out := o.send(http.MethodGet, target, nil)
	require.Equal(o.t, 200, status, "%s: %v", target, out)
	return out
}

// only reads a list that must hold one object.
func (o *office) only(target string) object {
	o.t.Helper()
	data := o.read(target)["data"].([]any)
	require.Len(o.t, data, 1, target)
	return data[0].(object)
}

func (c *customer) authorize(quantity string, headers ...string) object {
	c.t.Helper()
	return c.made("/v1/authorize", object{"principal_id": "acme", "feature_code": "api", "meters": requests(quantity)}, headers...)
}

func requests(quantity string) []object {
	return []object{{"meter_code": "api_requests", "quantity": quantity}}
}

func dec(s string) string { return decimal.RequireFromString(s).String() }

// newStranger is a caller of the same service with a key of another realm.
func newStranger(o *office) *office {
	o.t.Helper()
	out := *o
	out.call = harness.Realm(o.t, o.st)
	issued, err := store.NewKeyRing(o.st, []byte("pepper")).Issue(o.t.Context(), out.call, store.NewServiceKey{Name: "stranger", Scopes: Scopes()})
	require.NoError(o.t, err)
	out.key, out.realm = issued.Token.Reveal(), keys.Encode(keys.Realm, out.call.Realm)
	return &out
}

// sign makes a Stripe-Signature header.
// deliver posts a body as Stripe does: without a key of ours.
// refusals counts the deliveries refused for a reason.
// scaled drops an amount's trailing zeros.
func (o *office) walk(target string) []any {
	o.t.Helper()
	var all []any
	for next := target; ; {
		out := o.read(next)
		all = append(all, out["data"].([]any)...)
		cursor, more := out["page"].(object)["next_cursor"].(string)
		if !more {
			return all
		}
		next = target + "&cursor=" + cursor
	}
}
