package oracle

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"
)

// create makes a thing under a code of its own.
func (w *World) create(ctx context.Context, name, path string, body map[string]any) (thing, error) {
	code := w.next("thing")
	all := map[string]any{"code": code, "name": code}
	maps.Copy(all, body)
	a, err := w.Do(ctx, Op{Name: name, Path: path, Key: code, Body: all, Exists: w.named(path, "code", code)})
	return w.at(path, idOf(a)), err
}

func (w *World) rename() map[string]any { return map[string]any{"name": w.next("name")} }

// Sell takes a feature, a plan that entitles to it and a pricing model that falls back to the plan through everything that may
// change about them.
func (w *World) Sell(ctx context.Context) error {
	family, err := w.create(ctx, "createFeatureFamily", "/mgt/v1/feature-families", nil)
	if err != nil {
		return err
	}
	feature, err := w.create(ctx, "createFeature", "/mgt/v1/features", map[string]any{"kind": "toggle", "family_id": family.id})
	if err != nil {
		return err
	}
	model, err := w.create(ctx, "createPricingModel", "/mgt/v1/pricing-models", nil)
	if err != nil {
		return err
	}
	plan, err := w.create(ctx, "createPlan", "/mgt/v1/plans", map[string]any{"pricing_model_id": model.id, "kind": "base", "terms": plainTerms()})
	if err != nil {
		return err
	}
	patch := func(name string, body any, match string, fails bool) step {
		return step{name: name, method: http.MethodPatch, body: body, match: match, fails: fails}
	}
	err = w.live(ctx, feature,
		patch("updateFeature", w.rename(), never, true),
		patch("updateFeature", w.rename(), fresh, false),
		patch("updateFeature", w.rename(), past, true),
		patch("updateFeature", map[string]any{"name": ""}, fresh, true))
	if err != nil {
		return err
	}
	free := map[string]any{"free_plan_id": plan.id}
	if err := w.live(ctx, model, patch("updatePricingModel", free, fresh, true)); err != nil { // the plan is a draft
		return err
	}
	if err := w.publish(ctx, plan, feature); err != nil {
		return err
	}
	err = w.live(ctx, model, patch("updatePricingModel", free, never, true), patch("updatePricingModel", free, fresh, false))
	if err != nil {
		return err
	}
	return w.live(ctx, plan, step{name: "deprecatePlan", method: http.MethodPost, path: "/deprecate", fails: true}) // accounts fall back to it
}

func (w *World) publish(ctx context.Context, plan, feature thing) error {
	patch := func(match string, fails bool) step {
		return step{name: "updatePlan", method: http.MethodPatch, body: w.rename(), match: match, fails: fails}
	}
	entitle := func(match string, fails bool) step {
		return step{name: "replacePlanEntitlements", method: http.MethodPut, path: "/versions/1/entitlements",
			body: map[string]any{"feature_ids": []string{feature.id}}, match: match, fails: fails}
	}
	del := func(version, match string, fails bool) step {
		return step{name: "deletePlanVersion", method: http.MethodDelete, path: "/versions/" + version, match: match, fails: fails}
	}
	move := func(name, path, match string, fails bool) step {
		return step{name: name, method: http.MethodPost, path: path, match: match, fails: fails}
	}
	return w.live(ctx, plan,
		patch("", true), patch(fresh, false), patch(past, true),
		entitle(past, true), entitle(fresh, false),
		del("1", fresh, true),
		move("publishPlan", "/publish", past, true), move("publishPlan", "/publish", fresh, false),
		patch(fresh, true),
		move("createPlanVersion", "/versions", past, true), move("createPlanVersion", "/versions", fresh, false),
		move("createPlanVersion", "/versions", fresh, true),
		del("2", past, true), del("2", fresh, false), del("2", fresh, true),
		move("deprecatePlan", "/deprecate", past, true), move("deprecatePlan", "/deprecate", fresh, false),
		move("deprecatePlan", "/deprecate", fresh, true),
		move("createPlanVersion", "/versions", fresh, false), move("publishPlan", "/publish", fresh, false))
}

func plainTerms() map[string]any {
	return map[string]any{"cadence": map[string]any{"unit": "month", "count": 1}, "grants": []any{}, "overage_mode": "block",
		"grace_seconds": 0, "collection": "none"}
}

// Mint makes a credit type and says what a credit is worth.
func (w *World) Mint(ctx context.Context) error {
	const path = "/mgt/v1/credit-types"
	code := strings.ToUpper(strings.ReplaceAll(w.next("coin"), "-", "_"))
	a, err := w.Do(ctx, Op{Name: "createCreditType", Path: path, Key: code, Body: map[string]any{"code": code, "name": code},
		Exists: w.named(path, "code", code)})
	if err != nil {
		return err
	}
	values := path + "/" + idOf(a) + "/values"
	_, err = w.Do(ctx, Op{Name: "createCreditTypeValue", Path: values, Key: code, Body: map[string]any{"currency": "EUR", "value": "0.5"},
		Exists: func(ctx context.Context) (int, error) {
			return listing(ctx, w.Client, values+"?", func(struct{}) bool { return true })
		}})
	return err
}

// Halt suspends an account, parks it by the caller's hand, and lets it work again. Nobody else may use the account.
func (w *World) Halt(ctx context.Context, acc *Account, park func(context.Context) error) error {
	move := func(verb, match string, fails bool) step {
		name := verb + "BillingAccount"
		if verb == "accept-bounds" {
			name = "acceptBoundsOfBillingAccount"
		}
		return step{name: name, method: http.MethodPost, path: "/" + verb, match: match, fails: fails}
	}
	t := w.at("/mgt/v1/billing-accounts", acc.ID)
	err := w.live(ctx, t,
		move("resume", fresh, true), move("unpark", fresh, true), move("accept-bounds", fresh, true),
		move("suspend", never, true), move("suspend", fresh, false), move("suspend", past, true), move("suspend", fresh, true),
		move("resume", past, true), move("resume", fresh, false), move("resume", fresh, true))
	if err != nil {
		return err
	}
	for park(ctx) != nil { // the caller's way there may be broken too; parking twice is parking once
		if err := w.rest(ctx); err != nil {
			return err
		}
	}
	return w.live(ctx, t,
		move("resume", fresh, true), move("accept-bounds", fresh, true), move("unpark", past, true),
		move("suspend", fresh, false), move("suspend", fresh, true),
		move("unpark", fresh, false), move("unpark", fresh, true), move("resume", "", false))
}

// ServiceKey makes a service key, rotates it and revokes it; each secret is in one answer only.
func (w *World) ServiceKey(ctx context.Context) error {
	const path = "/mgt/v1/service-keys"
	name := w.next("key")
	secret := []string{"secret"}
	a, err := w.Do(ctx, Op{Name: "createServiceKey", Path: path, Key: name, Once: secret,
		Body: map[string]any{"name": name, "scopes": []string{"runtime:read"}},
		Exists: func(ctx context.Context) (int, error) {
			return listing(ctx, w.Client, path+"?", func(k struct{ Name string }) bool { return k.Name == name })
		}})
	if err != nil || a.Class != Success {
		return err
	}
	t := w.at(path, idOf(a))
	t.read = func(ctx context.Context) (out State, err error) {
		err = each(ctx, w.Client, path+"?", func(row json.RawMessage) {
			if strings.Contains(string(row), t.id) {
				out.Body = row
			}
		})
		return out, err
	}
	post := func(name, path string, body map[string]any, fails bool) step {
		return step{name: name, method: http.MethodPost, path: path, body: body, once: secret, fails: fails}
	}
	keep := func(which string) map[string]any { return map[string]any{"keep": which} }
	return w.live(ctx, t,
		post("endServiceKeyRotation", "/end-rotation", keep("new"), true),
		post("rotateServiceKey", "/rotate", map[string]any{"overlap_seconds": -1}, true),
		post("rotateServiceKey", "/rotate", map[string]any{"overlap_seconds": 3600}, false),
		post("rotateServiceKey", "/rotate", map[string]any{}, true), // two secrets at most
		post("endServiceKeyRotation", "/end-rotation", keep("old"), false),
		post("endServiceKeyRotation", "/end-rotation", keep("new"), true),
		step{name: "revokeServiceKey", method: http.MethodDelete},
		post("rotateServiceKey", "/rotate", map[string]any{}, true))
}

// Advance moves a clock; one that is on its way refuses. Its workflow moves it too.
func (w *World) Advance(ctx context.Context, clock string, to time.Time) error {
	_, err := w.Change(ctx, Change{Object: clock, Action: "test_clock.advance", Either: true,
		Op: Op{Name: "advanceTestClock", Path: "/mgt/v1/test-clocks/" + clock + "/advance", Key: w.next("advance"), Body: map[string]any{"target": to}}})
	return err
}

// Scrap makes a clock that nobody lives on, and deletes it.
func (w *World) Scrap(ctx context.Context, now time.Time) error {
	id, err := w.CreateClock(ctx, now.Format(time.RFC3339))
	if err != nil {
		return err
	}
	del := func(match string, fails bool) step {
		return step{name: "deleteTestClock", method: http.MethodDelete, match: match, fails: fails}
	}
	t := w.at("/mgt/v1/test-clocks", id)
	t.read = func(ctx context.Context) (State, error) {
		a, err := w.read(ctx, t.path)
		if err != nil {
			return State{}, err
		}
		var shown map[string]any
		if err := json.Unmarshal(a.Body, &shown); err != nil {
			return State{}, err
		}
		delete(shown, "waits_for") // not the clock's own: events of anybody's may be under way
		a.Body, err = json.Marshal(shown)
		return State{Tag: a.Tag, Body: a.Body}, err
	}
	gone := del(fresh, false)
	gone.later = "clock_busy"
	return w.live(ctx, t, del(never, true), gone, del(past, true))
}

// Cancel ends an assignment with its period, and then at once. Its workflow changes it too.
func (w *World) Cancel(ctx context.Context, id string) error {
	for _, c := range []struct {
		when, match string
		fails       bool
	}{{"period_end", never, true}, {"period_end", "", false}, {"some day", "", true}, {"now", "", false}} {
		_, err := w.Change(ctx, Change{Object: id, Action: "plan_assignment.cancel", Fails: c.fails,
			Op: Op{Name: "cancelPlanAssignment", Path: "/mgt/v1/plan-assignments/" + id + "/cancel", Key: w.next("cancel"), Match: c.match,
				Body: map[string]any{"when": c.when}}})
		if err != nil {
			return err
		}
		var now assignment
		if err := w.Get(ctx, "/mgt/v1/plan-assignments/"+id, &now); err != nil {
			return err
		}
		if !c.fails && now.CancelMode != c.when {
			w.Violation("%s was canceled %s, and reads %q", id, c.when, now.CancelMode)
		}
	}
	return nil
}

// Buy offers credits on the provider's page and gives the provider's session. There is no list of offers; the audit log knows
// each, and what it is for is unlike every other's.
func (w *World) Buy(ctx context.Context, acc *Account) (string, error) {
	page := "https://oracle.example/" + w.next("page")
	a, err := w.Do(ctx, Op{Name: "createCheckoutSession", Path: "/mgt/v1/checkout-sessions", Key: w.next("buy"),
		Body: map[string]any{"billing_account_id": acc.ID, "credit_type": "CREDIT", "quantity": "5", "success_url": page},
		Exists: func(ctx context.Context) (int, error) {
			return listing(ctx, w.Client, "/mgt/v1/audit-log?action=checkout_session.create", func(e struct{ After json.RawMessage }) bool {
				return strings.Contains(string(e.After), `"`+page+`"`)
			})
		}})
	if err != nil || a.Class != Success {
		return "", err
	}
	var opened struct {
		Session string `json:"stripe_session"`
	}
	return opened.Session, json.Unmarshal(a.Body, &opened)
}
