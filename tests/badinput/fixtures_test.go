package badinput

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

type object = map[string]any

type texts = map[string]string

// request is one request, taken apart so that each part of it can be spoilt.
type request struct {
	path, query, header texts
	body                any    // JSON; nil for none
	raw                 []byte // sent as it is, instead of body
}

// newFixtures gives a request for each operation that is answered with a success whenever it is made: what it changes or names
// is made anew where it can be changed only once.
func newFixtures() map[string]func(*scene) request {
	return map[string]func(*scene) request{
		"authorize":            func(s *scene) request { return request{body: s.wanted()} },
		"cancelLease":          func(s *scene) request { return request{body: object{"lease_token": s.lease()}} },
		"cancelPlanAssignment": func(s *scene) request { return request{path: id(s.assigned()), body: object{"when": "period_end"}} },
		"checkEntitlements": func(s *scene) request {
			return request{body: object{"billing_account_id": s.ids["account"], "feature_codes": []any{"api", "b"}}}
		},
		"computeAggregate":      func(*scene) request { return request{body: aggregation()} },
		"commit":                func(s *scene) request { return request{body: s.used()} },
		"computeInvoice":        func(*scene) request { return request{body: invoiceDraft()} },
		"computePeriods":        func(*scene) request { return request{body: periodsAsked()} },
		"computeCredits":        func(*scene) request { return request{body: creditsBody()} },
		"computePrice":          func(*scene) request { return request{body: pricedUsage()} },
		"computeProration":      func(*scene) request { return request{body: prorationAsked()} },
		"createBillingAccount":  func(s *scene) request { return request{body: s.account()} },
		"createCheckoutSession": func(s *scene) request { return request{body: s.purchase()} },
		"createCreditType": func(s *scene) request {
			return request{body: object{"code": s.fresh("TOKEN_"), "name": "Tokens", "scale": 2}}
		},
		"createCreditTypeValue": func(s *scene) request { return request{path: id(s.made("createCreditType")), body: s.worth()} },
		"createFeature":         func(s *scene) request { return request{body: s.feature()} },
		"createFeatureFamily":   func(s *scene) request { return request{body: object{"code": s.fresh("family-"), "name": "Family"}} },
		"createMeter":           func(s *scene) request { return request{body: s.meter()} },
		"createMeterPrice":      func(s *scene) request { return request{path: id(s.made("createMeter")), body: s.price()} },
		"createPlan":            func(s *scene) request { return request{body: s.plan()} },
		"createPlanAssignment":  func(s *scene) request { return request{body: s.assignment()} },
		"createPlanVersion":     func(s *scene) request { return request{path: id(s.published())} },
		"createPricingModel": func(s *scene) request {
			return request{body: object{"code": s.fresh("model-"), "name": "Model", "is_default": false}}
		},
		"createServiceKey": func(s *scene) request { return request{body: s.serviceKey()} },
		"createTestClock": func(s *scene) request {
			return request{body: object{"name": s.fresh("clock-"), "now": "2026-01-01T00:00:00Z"}}
		},
		"advanceTestClock": func(s *scene) request {
			return request{path: id(s.made("createTestClock")), body: object{"target": "2026-01-02T00:00:00Z"}}
		},
		"deleteTestClock": func(s *scene) request { return request{path: id(s.made("createTestClock"))} },
		"deletePlanVersion": func(s *scene) request {
			return request{path: texts{"id": s.redrafted(), "v": "2"}, header: texts{"If-Match": `"v3"`}}
		},
		"deprecatePlan": func(s *scene) request { return request{path: id(s.published()), header: texts{"If-Match": `"v2"`}} },
		"explainBillingAccount": func(s *scene) request {
			return request{path: s.id("account"), query: texts{"at": "2026-02-03T00:00:00Z"}}
		},
		"explainRating":        func(s *scene) request { return request{path: s.id("rating")} },
		"getBalance":           func(s *scene) request { return request{path: s.id("account")} },
		"getBillingAccount":    func(s *scene) request { return request{path: s.id("account")} },
		"getCheckoutSession":   func(s *scene) request { return request{path: id(s.once("createCheckoutSession"))} },
		"getCreditType":        func(s *scene) request { return request{path: id(s.once("createCreditType"))} },
		"getFeature":           func(s *scene) request { return request{path: id(s.once("createFeature"))} },
		"getFeatureFamily":     func(s *scene) request { return request{path: id(s.once("createFeatureFamily"))} },
		"getInvoice":           func(s *scene) request { return request{path: s.id("invoice")} },
		"getLease":             func(s *scene) request { return request{path: s.id("lease")} },
		"getLedgerTransaction": func(s *scene) request { return request{path: s.id("ledger")} },
		"getMeter":             func(s *scene) request { return request{path: id(s.once("createMeter"))} },
		"getOperation":         func(s *scene) request { return request{path: id(s.once("createPlanAssignment"))} },
		"getPlan":              func(s *scene) request { return request{path: s.id("plan")} },
		"getPlanAssignment":    func(s *scene) request { return request{path: s.id("assignment")} },
		"getPricingModel":      func(s *scene) request { return request{path: id(s.once("createPricingModel"))} },
		"getRating":            func(s *scene) request { return request{path: s.id("rating")} },
		"getRealm":             func(*scene) request { return request{} },
		"getRuntimeBalance": func(s *scene) request {
			return request{query: texts{"principal_id": "acme", "billing_account_id": s.ids["account"]}}
		},
		"getStripeEvent":         func(s *scene) request { return request{path: id(s.event())} },
		"getTestClock":           func(s *scene) request { return request{path: s.id("clock")} },
		"getTrialBalance":        func(*scene) request { return request{query: texts{"at": "2026-02-03T00:00:00Z"}} },
		"listAuditLog":           func(*scene) request { return request{query: texts{"actor": "tester"}} },
		"listBillingAccounts":    func(*scene) request { return request{query: texts{"status": "active"}} },
		"listBillingPeriods":     func(s *scene) request { return request{query: texts{"billing_account_id": s.ids["account"]}} },
		"listCreditTypeValues":   func(s *scene) request { return request{path: id(s.once("createCreditType"))} },
		"listCreditTypes":        func(*scene) request { return request{query: texts{"code": "CREDIT"}} },
		"listEntitlements":       func(*scene) request { return request{query: texts{"principal_id": "acme"}} },
		"listFeatureFamilies":    func(*scene) request { return request{} },
		"listFeatures":           func(*scene) request { return request{query: texts{"code": "api"}} },
		"listGrants":             func(s *scene) request { return request{query: texts{"billing_account_id": s.ids["account"]}} },
		"listInvoices":           func(*scene) request { return request{query: texts{"status": "paid"}} },
		"listLedgerAccounts":     func(s *scene) request { return request{query: texts{"billing_account_id": s.ids["account"]}} },
		"listLedgerEntries":      func(s *scene) request { return request{query: texts{"billing_account_id": s.ids["account"]}} },
		"listLedgerTransactions": func(*scene) request { return request{} },
		"listMeterPrices":        func(s *scene) request { return request{path: id(s.once("createMeter"))} },
		"listMeters":             func(*scene) request { return request{} },
		"listPayments":           func(s *scene) request { return request{query: texts{"invoice_id": s.ids["invoice"]}} },
		"listPlanAssignments":    func(*scene) request { return request{query: texts{"status": "active"}} },
		"listPlans":              func(*scene) request { return request{query: texts{"kind": "base"}} },
		"listPricingModels":      func(*scene) request { return request{} },
		"listQuarantine":         func(*scene) request { return request{} },
		"listRatings":            func(*scene) request { return request{query: texts{"kind": "billed"}} },
		"listServiceKeys":        func(*scene) request { return request{} },
		"listSettlements":        func(*scene) request { return request{} },
		"listStripeEvents":       func(*scene) request { return request{} },
		"listTestClocks":         func(*scene) request { return request{query: texts{"name": "clock"}} },
		"publishPlan": func(s *scene) request {
			return request{path: id(s.made("createPlan")), header: texts{"If-Match": `"v1"`}}
		},
		"receiveStripeEvent": func(s *scene) request { return s.delivery() },
		"recordUsage":        func(s *scene) request { return request{body: s.reported()} },
		"releaseLease":       func(s *scene) request { return request{body: object{"lease_token": s.lease()}} },
		"replacePlanEntitlements": func(s *scene) request {
			return request{path: texts{"id": s.made("createPlan"), "v": "1"}, header: texts{"If-Match": `"v1"`}, body: object{"feature_ids": []any{s.once("createFeature")}}}
		},
		"replayStripeEvent":    func(s *scene) request { return request{path: id(s.dead())} },
		"resumeBillingAccount": func(s *scene) request { return request{path: id(s.moved("suspendBillingAccount"))} },
		"revokeServiceKey":     func(s *scene) request { return request{path: id(s.made("createServiceKey"))} },
		"rotateServiceKey": func(s *scene) request {
			return request{path: id(s.made("createServiceKey")), body: object{"overlap_seconds": 60, "expires_at": s.later()}}
		},
		"endServiceKeyRotation": func(s *scene) request { return request{path: id(s.rotated()), body: object{"keep": "new"}} },
		"suspendBillingAccount": func(s *scene) request { return request{path: id(s.made("createBillingAccount"))} },
		"unparkBillingAccount":  func(s *scene) request { return request{path: id(s.parked())} },
		"acceptBoundsOfBillingAccount": func(s *scene) request {
			account := s.parked()
			parked, err := keys.Decode(keys.BillingAccount, account)
			if err != nil {
				s.t.Fatal(err)
			}
			harness.Breach(s.t, s.URL, parked)
			return request{path: id(account)}
		},
		"updateFeature": func(s *scene) request {
			return request{path: id(s.made("createFeature")), header: texts{"If-Match": `"v1"`}, body: object{"name": "New", "add_meter_ids": []any{s.made("createMeter")}}}
		},
		"updatePlan": func(s *scene) request {
			return request{path: id(s.made("createPlan")), header: texts{"If-Match": `"v1"`},
				body: object{"name": "New", "rank": 3, "terms": terms(), "feature_ids": []any{s.once("createFeature")}}}
		},
		"updatePricingModel": func(s *scene) request {
			model := s.made("createPricingModel")
			return request{path: id(model), header: texts{"If-Match": `"v1"`}, body: object{"free_plan_id": s.offered(model)}}
		},
	}
}

func id(of string) texts { return texts{"id": of} }

func (s *scene) id(name string) texts { return id(s.ids[name]) }

func (s *scene) fresh(prefix string) string { return prefix + strconv.FormatInt(s.serial.Add(1), 10) }

func meters(quantity string) []any {
	return []any{object{"meter_code": "api_requests", "quantity": quantity}}
}

func (s *scene) wanted() object {
	return object{"principal_id": "acme", "billing_account_id": s.ids["account"], "feature_code": "api", "meters": meters("1"), "ttl_sec": 60}
}

func (s *scene) lease() string {
	return s.answered("authorize")["lease"].(object)["token"].(string)
}

func (s *scene) used() object {
	return object{"lease_token": s.lease(), "meters": meters("1"), "occurred_at": "2026-02-04T22:30:00Z", "close": true}
}

func (s *scene) reported() object {
	return object{"principal_id": "acme", "billing_account_id": s.ids["account"], "feature_code": "api", "meters": meters("1"),
		"occurred_at": "2026-02-04T22:30:00Z", "labels": object{"team": "a"}}
}

func (s *scene) account() object {
	return object{"principal_id": s.fresh("customer-"), "name": "ACME", "email": "a@example.com", "timezone": "Europe/Berlin", "currency": "EUR",
		"test_clock_id": s.ids["clock"], "pricing_model_id": s.ids["model"]}
}

func (s *scene) purchase() object {
	return object{"billing_account_id": s.ids["account"], "credit_type": "CREDIT", "quantity": "100", "success_url": s.fresh("https://example.com/thanks/"),
		"cancel_url": "https://example.com/"}
}

func (s *scene) worth() object {
	return object{"currency": "EUR", "value": "1", "effective_at": "2099-01-01T00:00:00Z"}
}

func (s *scene) feature() object {
	return object{"code": s.fresh("feature-"), "name": "Feature", "kind": "toggle", "family_id": s.once("createFeatureFamily"),
		"meter_ids": []any{s.once("createMeter")}}
}

func (s *scene) meter() object {
	return object{"code": s.fresh("meter-"), "name": "Meter", "unit": "request", "aggregation": "sum"}
}

func (s *scene) price() object {
	return object{"model": "package", "amount": "1", "currency": "CREDIT", "per_units": "10", "free_units": "5", "effective_at": "2099-01-01T00:00:00Z"}
}

func (s *scene) plan() object {
	return object{"pricing_model_id": s.ids["model"], "code": s.fresh("plan-"), "name": "Plan", "kind": "base", "rank": 1, "terms": terms(),
		"feature_ids": []any{s.once("createFeature")}}
}

func terms() object {
	return object{"cadence": object{"unit": "month", "count": 1}, "fee": object{"amount": "29.00", "currency": "EUR"},
		"grants":       []any{object{"code": "monthly", "asset": "CREDIT", "amount": "20", "expires": "period_end", "priority": 1, "promotional": false}},
		"overage_mode": "invoice", "grace_seconds": 60, "collection": "stripe"}
}

func (s *scene) assignment() object {
	return object{"billing_account_id": s.made("createBillingAccount"), "plan_id": s.ids["plan"], "plan_version": 1, "source_kind": "order",
		"source_ref": s.fresh("order-"), "start_at": "2026-02-10T00:00:00Z", "end_at": "2027-02-10T00:00:00Z"}
}

func (s *scene) serviceKey() object {
	return object{"name": s.fresh("key-"), "scopes": []any{"catalog:read"}, "cidrs": []any{"10.0.0.0/8"}, "expires_at": s.later()}
}

// later is an instant in a month by the wall clock, which is the one that keys live by.
func (s *scene) later() string { return time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339) }

func (s *scene) published() string {
	plan := s.made("createPlan")
	s.move("publishPlan", request{path: id(plan), header: texts{"If-Match": `"v1"`}})
	return plan
}

func (s *scene) redrafted() string {
	plan := s.published()
	s.move("createPlanVersion", request{path: id(plan)})
	return plan
}

// offered publishes a plan that costs nothing, which is what a pricing model can fall back to.
func (s *scene) offered(model string) string {
	free := terms()
	delete(free, "fee")
	delete(free, "grants")
	body := s.plan()
	body["pricing_model_id"], body["terms"] = model, free
	plan := s.move("createPlan", request{body: body})
	s.move("publishPlan", request{path: id(plan), header: texts{"If-Match": `"v1"`}})
	return plan
}

func (s *scene) assigned() string {
	return s.answered("createPlanAssignment")["operation"].(object)["resource"].(object)["id"].(string)
}

// moved makes an account and does something to it.
func (s *scene) moved(operation string) string {
	account := s.made("createBillingAccount")
	return s.move(operation, request{path: id(account)})
}

func (s *scene) rotated() string {
	key := s.made("createServiceKey")
	s.must("rotateServiceKey", request{path: id(key), body: object{"overlap_seconds": 60}})
	return key
}

func (s *scene) parked() string {
	account := s.made("createBillingAccount")
	id, err := keys.Decode(keys.BillingAccount, account)
	if err == nil {
		err = s.Store.ParkAccount(s.t.Context(), s.Call, id, "test")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return account
}

func (s *scene) delivery() request {
	return signed(fmt.Sprintf(`{"id":"%s","object":"event","type":"invoice.paid","api_version":"2023-10-16","created":1767225600,"livemode":false,`+
		`"data":{"object":{"id":"in_1","object":"invoice"}}}`, s.fresh("evt_")), s.ids["endpoint"])
}

func signed(body, endpoint string) request {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = mac.Write([]byte(stamp + "." + body))
	return request{path: texts{"endpoint_id": endpoint}, raw: []byte(body),
		header: texts{"Stripe-Signature": "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))}}
}

// event receives one and names it.
func (s *scene) event() string {
	s.answered("receiveStripeEvent")
	return "evt_" + strconv.FormatInt(s.serial.Load(), 10)
}

func (s *scene) dead() string {
	event := s.event()
	if err := s.Store.FinishEvent(s.t.Context(), s.Call, event, store.EventEnd{Status: models.InboxDead, Reason: "test"}); err != nil {
		s.t.Fatal(err)
	}
	return event
}

// invoiceDraft has at least one of everything that an invoice is computed from.
func invoiceDraft() object {
	tax := object{"code": "VAT", "percent": "20", "inclusive": false, "compound": false}
	return object{"currency": "EUR", "tax_rounding": "per_line", "taxes": []any{tax},
		"lines": []any{
			object{"id": "fee", "description": "Fee", "amount": "31", "discountable": true, "category": "saas",
				"taxes": []any{object{"percent": "0", "reason": "reverse_charge"}}},
			object{"id": "usage", "quantity": "1000", "unit_amount": "0.01"}},
		"discounts": []any{object{"code": "TEN", "percent": "10", "per_line": true, "lines": []any{"fee"}}, object{"amount": "1"}},
		"maximum":   object{"amount": "100", "already_billed": "1", "lines": []any{"usage"}},
		"minimum": object{"amount": "50", "already_billed": "1", "counts": "listed", "overage_factor": "1.5", "lines": []any{"usage"},
			"category": "usage", "taxes": []any{tax}},
		"carried_in": "0.20", "credit_notes": []any{"1.50"}, "earlier_invoices": []any{"2"}, "account_credit": "3",
		"paid": "10", "paid_of": "100",
		"issue": []any{object{"items": []any{object{"line": "fee", "used_units": "15", "unused_units": "16"}, object{"line": "usage", "amount": "1"}},
			"before_discount": true, "settle": "refund"}, object{"amount": "2"}},
		"refunds":    []any{object{"amount": "1", "adjustment": "1"}},
		"allocation": object{"total": "0.05", "weights": []any{"1", "1", "1"}}}
}

// pricedUsage has a price with tiers and what a period adds to it.
func pricedUsage() object {
	return object{"currency": "EUR", "quantity": "12",
		"price": object{"model": "graduated", "flat_fee_at_zero": true, "tiers": []any{
			object{"up_to": "10", "amount": "1", "per_units": "3", "flat_amount": "2"}, object{"amount": "0.5"}}},
		"already_billed": object{"quantity": "3", "amount": "4"}, "minimum": "5", "maximum": "100", "interim": false,
		"conversion":   object{"operation": "divide", "factor": "1000", "round": "up", "decimals": 2, "free_units": "1", "per_line": false},
		"period_share": object{"numerator": "17", "denominator": "31"}}
}
