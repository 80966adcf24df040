package tenants_test

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness"
)

// fixture says how a route is called with a tenant's own objects, in every way that takes another kind of id. Each call
// succeeds; a write makes the object that it changes.
type fixture func(tn *tenant) []call

// bare calls a route that takes no id.
func bare(body func(tn *tenant) map[string]any) fixture {
	return func(tn *tenant) []call {
		if body == nil {
			return []call{{}}
		}
		return []call{{body: body(tn)}}
	}
}

// at calls a route whose path names an object.
func at(id func(tn *tenant) string) fixture {
	return func(tn *tenant) []call { return []call{{path: map[string]string{"id": id(tn)}}} }
}

// by calls a list once with each of its filters.
func by(filters map[string]func(tn *tenant) string) fixture {
	return func(tn *tenant) []call {
		var calls []call
		for name, id := range filters {
			calls = append(calls, call{query: map[string]string{name: id(tn)}})
		}
		return calls
	}
}

func theAccount(tn *tenant) string    { return tn.account }
func thePlan(tn *tenant) string       { return tn.plan }
func theInvoice(tn *tenant) string    { return tn.invoice }
func theMeter(tn *tenant) string      { return tn.meter }
func theModel(tn *tenant) string      { return tn.model }
func theRating(tn *tenant) string     { return tn.rating }
func theAssignment(tn *tenant) string { return tn.assignment }
func theEntry(tn *tenant) string      { return tn.transaction }

func newAccount(tn *tenant) string { return tn.newAccount(fresh("principal"), tn.newClock()) }

var ofAccount = by(map[string]func(*tenant) string{"billing_account_id": theAccount})

// subject calls a runtime route once for each way to name the account.
func subject(body func(tn *tenant) map[string]any) fixture {
	return func(tn *tenant) []call {
		var calls []call
		for _, in := range []string{"body", "header"} {
			for name, value := range map[string]string{"principal_id": tn.principal, "billing_account_id": tn.account} {
				c := call{body: body(tn)}
				if in == "body" {
					c.body[name] = value
				} else {
					c.header = map[string]string{headerOf[name]: value}
				}
				calls = append(calls, c)
			}
		}
		return calls
	}
}

var headerOf = map[string]string{"principal_id": "X-Principal-Id", "billing_account_id": "X-Billing-Account-Id"}

func subjectQuery(tn *tenant) []call {
	var calls []call
	for name, value := range map[string]string{"principal_id": tn.principal, "billing_account_id": tn.account} {
		calls = append(calls, call{query: map[string]string{name: value}}, call{header: map[string]string{headerOf[name]: value}})
	}
	return calls
}

func byToken(more map[string]any) fixture {
	return func(tn *tenant) []call {
		token, _ := tn.newLease()
		body := map[string]any{"lease_token": token}
		for name, value := range more {
			body[name] = value
		}
		return []call{{body: body}}
	}
}

var fixtures = map[string]fixture{
	"POST /mgt/v1/compute/credits": bare(func(*tenant) map[string]any {
		return map[string]any{"grants": []any{map[string]any{"name": "a", "amount": "1", "effective_at": began}}}
	}),
	"GET /mgt/v1/realm": bare(nil),
	"POST /mgt/v1/compute/proration": bare(func(*tenant) map[string]any {
		return map[string]any{"currency": "USD", "amount": "20", "period": map[string]any{"start": "2026-01-01", "end": "2026-02-01"}, "from": "2026-01-15"}
	}),
	"POST /mgt/v1/compute/periods": bare(func(*tenant) map[string]any { return map[string]any{"start": "2026-01-31"} }),
	"GET /mgt/v1/audit-log":        by(map[string]func(*tenant) string{"object_id": theAccount}),
	"GET /mgt/v1/operations/{id}":  at(func(tn *tenant) string { return tn.operation }),

	"GET /mgt/v1/service-keys": bare(nil),
	"POST /mgt/v1/service-keys": bare(func(*tenant) map[string]any {
		return map[string]any{"name": fresh("key"), "scopes": []string{"keys:write"}}
	}),
	"POST /mgt/v1/service-keys/{id}/rotate": func(tn *tenant) []call {
		return []call{{path: map[string]string{"id": tn.newKey("keys:write").str("id")}, body: map[string]any{}}}
	},
	"POST /mgt/v1/service-keys/{id}/end-rotation": func(tn *tenant) []call {
		id := tn.newKey("keys:write").str("id")
		tn.post("/mgt/v1/service-keys/"+id+"/rotate", map[string]any{})
		return []call{{path: map[string]string{"id": id}, body: map[string]any{"keep": "new"}}}
	},
	"DELETE /mgt/v1/service-keys/{id}": at(func(tn *tenant) string { return tn.newKey("keys:read").str("id") }),

	"GET /mgt/v1/pricing-models":      bare(nil),
	"POST /mgt/v1/pricing-models":     bare(func(*tenant) map[string]any { return map[string]any{"code": fresh("model"), "name": "Model"} }),
	"GET /mgt/v1/pricing-models/{id}": at(theModel),
	"PATCH /mgt/v1/pricing-models/{id}": func(tn *tenant) []call {
		model := tn.post("/mgt/v1/pricing-models", map[string]any{"code": fresh("model"), "name": "Model"}).str("id")
		body := tn.planBody()
		body["pricing_model_id"] = model
		plan := tn.post("/mgt/v1/plans", body)
		tn.must(tn.send(http.MethodPost, "/mgt/v1/plans/"+plan.str("id")+"/publish", call{header: map[string]string{"If-Match": plan.etag}}))
		return []call{tn.versioned("pricing-models/"+model, call{path: map[string]string{"id": model}, body: map[string]any{"free_plan_id": plan.str("id")}})}
	},

	"GET /mgt/v1/feature-families":      bare(nil),
	"POST /mgt/v1/feature-families":     bare(func(*tenant) map[string]any { return map[string]any{"code": fresh("family"), "name": "Family"} }),
	"GET /mgt/v1/feature-families/{id}": at(func(tn *tenant) string { return tn.family }),

	"GET /mgt/v1/features":      bare(nil),
	"GET /mgt/v1/features/{id}": at(func(tn *tenant) string { return tn.feature }),
	"POST /mgt/v1/features": func(tn *tenant) []call {
		return []call{{body: map[string]any{"code": fresh("feature"), "name": "Feature", "kind": "toggle", "family_id": tn.family, "meter_ids": []string{tn.meter}}}}
	},
	"PATCH /mgt/v1/features/{id}": func(tn *tenant) []call {
		id := tn.post("/mgt/v1/features", map[string]any{"code": fresh("feature"), "name": "Feature", "kind": "toggle"}).str("id")
		return []call{tn.versioned("features/"+id, call{path: map[string]string{"id": id}, body: map[string]any{"name": "New", "add_meter_ids": []string{tn.meter}}})}
	},

	"POST /mgt/v1/compute/invoice": bare(func(*tenant) map[string]any {
		return map[string]any{"currency": "EUR", "lines": []any{map[string]any{"amount": "1"}}}
	}),

	"GET /mgt/v1/meters": bare(nil),
	"POST /mgt/v1/meters": bare(func(*tenant) map[string]any {
		return map[string]any{"code": fresh("meter"), "name": "Meter", "unit": "piece", "aggregation": "sum"}
	}),
	"GET /mgt/v1/meters/{id}":        at(theMeter),
	"GET /mgt/v1/meters/{id}/prices": at(theMeter),
	"POST /mgt/v1/meters/{id}/prices": func(tn *tenant) []call {
		meter := tn.post("/mgt/v1/meters", map[string]any{"code": fresh("meter"), "name": "Meter", "unit": "piece", "aggregation": "sum"}).str("id")
		return []call{{path: map[string]string{"id": meter}, body: map[string]any{"currency": "EUR", "model": "per_unit", "amount": "1"}}}
	},

	"GET /mgt/v1/credit-types": bare(nil),
	"POST /mgt/v1/credit-types": bare(func(*tenant) map[string]any {
		return map[string]any{"code": creditCode(), "name": "Credit", "scale": 2}
	}),
	"GET /mgt/v1/credit-types/{id}":        at(func(tn *tenant) string { return tn.credit }),
	"GET /mgt/v1/credit-types/{id}/values": at(func(tn *tenant) string { return tn.credit }),
	"POST /mgt/v1/credit-types/{id}/values": func(tn *tenant) []call {
		id := tn.post("/mgt/v1/credit-types", map[string]any{"code": creditCode(), "name": "Credit", "scale": 2}).str("id")
		return []call{{path: map[string]string{"id": id}, body: map[string]any{"currency": "EUR", "value": "2"}}}
	},

	"GET /mgt/v1/plans":      by(map[string]func(*tenant) string{"pricing_model_id": theModel}),
	"POST /mgt/v1/plans":     bare(func(tn *tenant) map[string]any { return tn.planBody() }),
	"GET /mgt/v1/plans/{id}": at(thePlan),
	"PATCH /mgt/v1/plans/{id}": func(tn *tenant) []call {
		id, etag := tn.newPlan()
		return []call{{path: map[string]string{"id": id}, header: map[string]string{"If-Match": etag},
			body: map[string]any{"name": "New", "feature_ids": []string{tn.feature}}}}
	},
	"POST /mgt/v1/plans/{id}/publish": func(tn *tenant) []call {
		id, etag := tn.newPlan()
		return []call{{path: map[string]string{"id": id}, header: map[string]string{"If-Match": etag}}}
	},
	"POST /mgt/v1/plans/{id}/deprecate": func(tn *tenant) []call {
		id, etag := tn.publishedPlan()
		return []call{{path: map[string]string{"id": id}, header: map[string]string{"If-Match": etag}}}
	},
	"POST /mgt/v1/plans/{id}/versions": func(tn *tenant) []call {
		id, etag := tn.publishedPlan()
		return []call{{path: map[string]string{"id": id}, header: map[string]string{"If-Match": etag}}}
	},
	"DELETE /mgt/v1/plans/{id}/versions/{v}": func(tn *tenant) []call {
		id, _ := tn.publishedPlan() // its only version would stay
		draft := tn.post("/mgt/v1/plans/"+id+"/versions", nil)
		return []call{{path: map[string]string{"id": id, "v": "2"}, header: map[string]string{"If-Match": draft.etag}}}
	},
	"PUT /mgt/v1/plans/{id}/versions/{v}/entitlements": func(tn *tenant) []call {
		id, etag := tn.newPlan()
		return []call{{path: map[string]string{"id": id, "v": "1"}, header: map[string]string{"If-Match": etag},
			body: map[string]any{"feature_ids": []string{tn.feature}}}}
	},

	"GET /mgt/v1/billing-accounts": bare(nil),
	"POST /mgt/v1/billing-accounts": func(tn *tenant) []call {
		return []call{{body: map[string]any{"principal_id": fresh("principal"), "name": "New", "pricing_model_id": tn.model, "test_clock_id": tn.newClock()},
			own: "body /principal_id"}}
	},
	"GET /mgt/v1/billing-accounts/{id}":         at(theAccount),
	"GET /mgt/v1/billing-accounts/{id}/balance": at(theAccount),
	"GET /mgt/v1/billing-accounts/{id}/explain": at(theAccount),
	"POST /mgt/v1/billing-accounts/{id}/suspend": func(tn *tenant) []call {
		id := newAccount(tn)
		return []call{tn.versioned("billing-accounts/"+id, call{path: map[string]string{"id": id}})}
	},
	"POST /mgt/v1/billing-accounts/{id}/resume": func(tn *tenant) []call {
		id := newAccount(tn)
		tn.exec("UPDATE billing_accounts SET status = 'suspended' WHERE id = $1", tn.uuid(keys.BillingAccount, id))
		return []call{tn.versioned("billing-accounts/"+id, call{path: map[string]string{"id": id}})}
	},
	"POST /mgt/v1/billing-accounts/{id}/unpark": func(tn *tenant) []call {
		id := newAccount(tn)
		tn.exec("UPDATE billing_accounts SET status = 'parked', parked_from = 'active', parked_reason = 'for the test' WHERE id = $1", tn.uuid(keys.BillingAccount, id))
		return []call{tn.versioned("billing-accounts/"+id, call{path: map[string]string{"id": id}})}
	},
	"POST /mgt/v1/billing-accounts/{id}/accept-bounds": func(tn *tenant) []call {
		id := newAccount(tn)
		tn.exec("UPDATE billing_accounts SET status = 'parked', parked_from = 'active', parked_reason = 'for the test' WHERE id = $1", tn.uuid(keys.BillingAccount, id))
		tn.breach(id)
		return []call{tn.versioned("billing-accounts/"+id, call{path: map[string]string{"id": id}})}
	},

	"GET /mgt/v1/plan-assignments": ofAccount,
	"POST /mgt/v1/plan-assignments": func(tn *tenant) []call {
		return []call{{body: map[string]any{"billing_account_id": newAccount(tn), "plan_id": tn.plan, "source_kind": "test", "source_ref": fresh("ref")}}}
	},
	"GET /mgt/v1/plan-assignments/{id}": at(theAssignment),
	"POST /mgt/v1/plan-assignments/{id}/cancel": func(tn *tenant) []call {
		id := tn.assign(newAccount(tn)).str("operation", "resource", "id")
		// Without If-Match: the assignment's own workflow may change its version at any moment.
		return []call{{path: map[string]string{"id": id}, body: map[string]any{"when": "now"}}}
	},

	"GET /mgt/v1/test-clocks":      bare(nil),
	"POST /mgt/v1/test-clocks":     bare(func(*tenant) map[string]any { return map[string]any{"name": fresh("clock"), "now": began} }),
	"GET /mgt/v1/test-clocks/{id}": at(func(tn *tenant) string { return tn.clock }),
	"DELETE /mgt/v1/test-clocks/{id}": func(tn *tenant) []call {
		id := tn.newClock()
		tn.newAccount(fresh("principal"), id)
		return []call{tn.versioned("test-clocks/"+id, call{path: map[string]string{"id": id}})}
	},
	"POST /mgt/v1/test-clocks/{id}/advance": func(tn *tenant) []call {
		id := tn.newClock()
		return []call{tn.versioned("test-clocks/"+id, call{path: map[string]string{"id": id}, body: map[string]any{"target": began.Add(time.Hour)}})}
	},

	"GET /mgt/v1/grants":          ofAccount,
	"GET /mgt/v1/invoices":        ofAccount,
	"GET /mgt/v1/invoices/{id}":   at(theInvoice),
	"GET /mgt/v1/payments":        by(map[string]func(*tenant) string{"billing_account_id": theAccount, "invoice_id": theInvoice}),
	"GET /mgt/v1/billing-periods": by(map[string]func(*tenant) string{"billing_account_id": theAccount, "plan_assignment_id": theAssignment}),
	"GET /mgt/v1/quarantine":      ofAccount,
	"GET /mgt/v1/ratings": by(map[string]func(*tenant) string{"billing_account_id": theAccount, "plan_assignment_id": theAssignment,
		"meter_id": theMeter}),
	"GET /mgt/v1/ratings/{id}":             at(theRating),
	"GET /mgt/v1/ratings/{id}/explain":     at(theRating),
	"GET /mgt/v1/settlements":              by(map[string]func(*tenant) string{"billing_account_id": theAccount, "ledger_transaction_id": theEntry}),
	"GET /mgt/v1/ledger/accounts":          ofAccount,
	"GET /mgt/v1/ledger/entries":           ofAccount,
	"GET /mgt/v1/ledger/transactions":      by(map[string]func(*tenant) string{"billing_account_id": theAccount, "source_id": func(tn *tenant) string { return tn.source }}),
	"GET /mgt/v1/ledger/transactions/{id}": at(theEntry),
	"GET /mgt/v1/ledger/trial-balance":     bare(nil),

	"POST /mgt/v1/compute/aggregate": bare(func(*tenant) map[string]any {
		return map[string]any{"aggregation": "count", "events": []any{map[string]any{"id": "e1", "time": "2026-01-05T00:00:00Z"}}}
	}),

	"POST /mgt/v1/checkout-sessions":     bare(func(tn *tenant) map[string]any { return tn.purchase() }),
	"GET /mgt/v1/checkout-sessions/{id}": at(func(tn *tenant) string { return tn.checkout }),

	"GET /mgt/v1/stripe-events":      bare(nil),
	"GET /mgt/v1/stripe-events/{id}": at(func(tn *tenant) string { return tn.event }),
	"POST /mgt/v1/stripe-events/{id}/replay": at(func(tn *tenant) string {
		id := fresh("evt")
		tn.exec(`INSERT INTO stripe_inbox (realm_id, id, endpoint_id, type, payload, status, reason, effective_at, recorded_at)
			VALUES ($1, $2, $3, 'customer.created', '{}', 'dead', 'for the test', now(), now())`, tn.realm, id, tn.uuid(keys.WebhookEndpoint, tn.endpoint))
		return id
	}),
	"POST /webhooks/stripe/{endpoint_id}": func(tn *tenant) []call {
		raw := `{"id":"` + fresh("evt") + `","object":"event","api_version":"2023-10-16","created":1777593600,"livemode":false,"type":"customer.created",` +
			`"data":{"object":{"id":"cus_1","object":"customer"}}}`
		return []call{{path: map[string]string{"endpoint_id": tn.endpoint}, raw: raw,
			header:  map[string]string{"Stripe-Signature": stripefake.Sign([]byte(raw), tn.secret, time.Now())},
			refusal: http.StatusBadRequest, code: "signature_invalid", because: "Stripe knows the address; what protects a realm is that only its secret signs for it"}}
	},

	"POST /v1/authorize": subject(func(*tenant) map[string]any {
		return map[string]any{"feature_code": "api.requests", "meters": meters("api_requests", "10")}
	}),
	"POST /v1/usage": subject(func(*tenant) map[string]any { return map[string]any{"meters": meters("api_requests", "10")} }),
	"POST /mgt/v1/compute/price": bare(func(*tenant) map[string]any {
		return map[string]any{"currency": "EUR", "price": map[string]any{"model": "per_unit", "amount": "1"}, "quantity": "1"}
	}),
	"POST /v1/entitlements/check": subject(func(*tenant) map[string]any { return map[string]any{"feature_codes": []string{"api.requests"}} }),
	"GET /v1/entitlements":        subjectQuery,
	"GET /v1/balance":             subjectQuery,
	"POST /v1/commit":             byToken(map[string]any{"meters": meters("api_requests", "10")}),
	"POST /v1/release":            byToken(nil),
	"POST /v1/cancel":             byToken(nil),
	"GET /v1/leases/{id}":         at(func(tn *tenant) string { return tn.lease }),
}

// versioned lets a change name the version it is about.
func (tn *tenant) versioned(path string, c call) call {
	if etag := tn.list(path).etag; etag != "" {
		c.header = map[string]string{"If-Match": etag}
	}
	return c
}

// creditCode is a code that no currency can have.
func creditCode() string { return "CR" + rand.Text() }

// breach is a decision of the account that a safety bound has stopped.
func (tn *tenant) breach(account string) {
	harness.Breach(tn.t, tn.sys.URL, tn.uuid(keys.BillingAccount, account))
}
