package cases_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const (
	creditsPath = "/mgt/v1/compute/credits"
	// The instants of cases that say in which order things happen and not when.
	before, first, second, third = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"
)

func TestEveryCaseOfCreditsIsAnsweredAsItExpects(t *testing.T) {
	t.Parallel()
	suite{file: "credits.json", count: 53, ask: askCredits, silent: creditsSilent}.play(t)
}

// creditsSilent are fields of cases that nothing is asked by, and why.
var creditsSilent = map[string]string{
	"inputs unit":                            "credits are counted, whatever they are called",
	"inputs start_balances":                  "there are none, or each is asked with its lot",
	"expected invariant":                     "in words; its numbers are compared",
	"CRD-001-om-no-grants expected balances": "there are no lots",
}

// askCredits finds the adapter by what the case says, since cases of one topic come in several shapes.
func askCredits(v vector) []question {
	for _, shape := range []struct {
		says string
		ask  func(vector) (object, object)
	}{
		{"usage_before_reset", askReset}, {"reset_at", askReset}, {"steps", askSteps}, {"usage_known", askLate},
		{"consumption_booked_for", askAsOf}, {"ops", askVoids}, {"voided_at", askVoidThenExpiry}, {"void_credits", askVoidOfWallet},
		{"paid_credits", askPurchase}, {"granted_credits", askGift}, {"threshold", askAutoTopUp}, {"conversion_rate", askConversion},
		{"debit", askDebit}, {"expiry_duration", askExpiry}, {"scheduled", askCancel},
	} {
		if _, there := v.Inputs[shape.says]; there {
			body, want := shape.ask(v)
			return []question{{path: creditsPath, body: body, want: want}}
		}
	}
	for _, shape := range creditsOnInvoices {
		if _, there := v.Inputs[shape.says]; there {
			return shape.ask(v)
		}
	}
	return nil
}

// creditsWanted gives the places of what most cases expect.
func creditsWanted(v vector) object {
	want := expected(v, map[string]string{"total": "/balance", "balance": "/balance", "overage": "/overage", "ongoing_balance": "/ongoing"})
	for name, member := range map[string]string{"balances": "balance", "expired": "expired", "voided": "voided"} {
		lots, _ := v.Expected[name].(object)
		for lot, amount := range lots {
			want["/lots/name="+lot+"/"+member] = amount
		}
	}
	uses, _ := v.Expected["breakdown"].(object)
	for use, lots := range uses {
		for lot, amount := range lots.(object) {
			want["/steps/name="+use+"/draws/lot="+lot+"/amount"] = amount
		}
	}
	return want
}

func askSteps(v vector) (body, want object) {
	body = renamed(v.Inputs, map[string]string{"start": "start", "evaluate_at": "evaluate_at", "start_overage": "opening_overage"})
	body["overage_mode"] = wordOf(v.Inputs["overage_mode"], map[any]string{"carry": "carry", "not applicable": "keep", nil: "keep"})
	body["order"] = ranks(v.Inputs["order_rule"])
	body["grants"] = grantsOf(v.Inputs)
	steps := []any{}
	for _, s := range v.Inputs["steps"].([]any) {
		steps = append(steps, renamed(s.(object), map[string]string{"id": "name", "at": "at", "op": "op", "amount": "amount", "ref": "ref",
			"grant": "lot", "feature": "feature"}))
	}
	body["steps"] = steps
	return body, creditsWanted(v)
}

// ranks gives a burn order the endpoint's words; what is given is promotional, what is sold is not.
func ranks(rule any) []any {
	words := map[any]any{"created_at": "granted_at", "source": "promotional", "category": "promotional"}
	out := []any{}
	list, _ := rule.([]any)
	for _, rank := range list {
		if word, other := words[rank]; other {
			rank = word
		}
		out = append(out, rank)
	}
	return out
}

func grantsOf(in object) []any {
	out := []any{}
	for _, g := range in["grants"].([]any) {
		out = append(out, grantOf(g.(object), in))
	}
	return out
}

func grantOf(g, in object) object {
	out := object{"effective_at": before}
	maps.Copy(out, renamed(g, map[string]string{"id": "name", "amount": "amount", "priority": "priority", "effective_at": "effective_at",
		"expires_at": "expires_at", "created_at": "granted_at", "features": "features"}))
	for _, kind := range []string{"category", "source"} {
		if word, there := g[kind]; there {
			out["promotional"] = wordOf(word, map[any]bool{"promotional": true, "granted": true, "paid": false, "purchased": false})
		}
	}
	if rollover := renamed(g, map[string]string{"min_rollover": "min", "max_rollover": "max"}); len(rollover) > 0 {
		out["rollover"] = rollover
	}
	if days, recurs := g["recur_days"]; recurs {
		out["recurrence"] = object{"at": g["recur_anchor"], "cadence": object{"unit": "day", "count": days}, "mode": "refill"}
	}
	if opening, there := in["start_balances"].(object); there && opening[g["id"].(string)] != nil {
		out["opening"] = opening[g["id"].(string)]
	}
	return out
}

// wordOf gives what a word of a case means, of which there are only these.
func wordOf[T any](word any, meanings map[any]T) T {
	meaning, known := meanings[word]
	if !known {
		panic(fmt.Sprint("an unknown word: ", word))
	}
	return meaning
}

func askReset(v vector) (body, want object) {
	reset := object{"at": second, "op": "reset"}
	if at, there := v.Inputs["reset_at"]; there {
		reset["at"] = at
	}
	if v.Inputs["preserve_overage"] == true {
		reset["preserve_overage"] = true
	}
	steps := []any{reset}
	if used, there := v.Inputs["usage_before_reset"]; there {
		steps = []any{object{"at": first, "op": "use", "amount": used}, reset}
	}
	return object{"grants": grantsOf(v.Inputs), "steps": steps}, creditsWanted(v)
}

// oneLot is a grant that nothing is said about but its amount.
func oneLot(amount any) []any {
	return []any{object{"name": "g", "amount": amount, "effective_at": before}}
}

func askLate(v vector) (body, want object) {
	return object{"grants": oneLot(v.Inputs["grant"]), "steps": []any{
		object{"at": second, "op": "use", "amount": v.Inputs["usage_known"]},
		object{"at": first, "op": "use", "amount": v.Inputs["late_usage"]},
	}}, creditsWanted(v)
}

func askAsOf(v vector) (body, want object) {
	use := renamed(v.Inputs["consumption_booked_for"].(object), map[string]string{"at": "at", "amount": "amount"})
	use["op"] = "use"
	want = object{}
	asOf := []any{}
	for i, name := range slices.Sorted(maps.Keys(v.Expected)) {
		asOf = append(asOf, strings.TrimPrefix(name, "available_at_")+"T00:00:00Z")
		want["/as_of/"+string(rune('0'+i))+"/balance"] = v.Expected[name]
	}
	return object{"grants": oneLot(v.Inputs["grant"]), "steps": []any{use}, "as_of": asOf}, want
}

func askVoids(v vector) (body, want object) {
	steps := []any{}
	at := []any{first, second, third}
	for i, op := range v.Inputs["ops"].([]any) {
		steps = append(steps, object{"at": at[i], "op": op, "lot": "g"})
	}
	want = expected(v, map[string]string{"voided_total": "/voided", "ledger_movements": "/movements"})
	if v.Expected["second_call"] == "success with the original void time" {
		want["/steps/1/outcome"], want["/steps/1/applied_at"] = "repeated", first
	}
	return object{"grants": oneLot(v.Inputs["grant"]), "steps": steps}, want
}

func askVoidThenExpiry(v vector) (body, want object) {
	lot := object{"name": "g", "amount": v.Inputs["grant"], "effective_at": before, "expires_at": v.Inputs["expires_at"]}
	void := object{"at": v.Inputs["voided_at"], "op": "void", "lot": "g"}
	return object{"grants": []any{lot}, "steps": []any{void}, "evaluate_at": v.Inputs["expires_at"]},
		expected(v, map[string]string{"voided": "/voided", "expired": "/expired", "balance_after_expiry": "/balance"})
}

// askVoidOfWallet asks with the five decimals that Lago keeps of credits.
func askVoidOfWallet(v vector) (body, want object) {
	body = renamed(v.Inputs, map[string]string{"currency": "currency", "rate": "rate"})
	body["grants"], body["precision"] = oneLot(v.Inputs["balance_credits"]), 5
	body["steps"] = []any{object{"at": first, "op": "void", "amount": v.Inputs["void_credits"]}}
	return body, expected(v, map[string]string{"voided_credits": "/steps/0/voided", "voided_amount": "/steps/0/value/voided/rounded",
		"balance_credits": "/balance", "balance_amount": "/value/balance/rounded"})
}

func askPurchase(v vector) (body, want object) {
	body = renamed(v.Inputs, map[string]string{"currency": "currency", "rate": "rate"})
	body["grants"], body["whole_purchases"] = []any{}, true
	body["steps"] = []any{object{"at": first, "op": "top_up", "amount": v.Inputs["paid_credits"]}}
	return body, expected(v, map[string]string{"invoice_amount": "/steps/0/value/amount/rounded", "credits_granted": "/balance"})
}

func askGift(v vector) (body, want object) {
	body = renamed(v.Inputs, map[string]string{"currency": "currency", "rate": "rate"})
	body["grants"], body["whole_purchases"] = oneLot(v.Inputs["granted_credits"]), true
	return body, expected(v, map[string]string{"credits_granted": "/lots/name=g/granted"})
}

func askAutoTopUp(v vector) (body, want object) {
	auto := renamed(v.Inputs, map[string]string{"threshold": "threshold", "target_ongoing_balance": "target"})
	body = renamed(v.Inputs, map[string]string{"currency": "currency", "rate": "rate"})
	body["grants"], body["steps"] = oneLot(v.Inputs["balance"]), []any{
		object{"at": first, "op": "hold", "amount": v.Inputs["ongoing_usage"]},
		object{"at": second, "op": "top_up", "auto": auto},
	}
	return body, expected(v, map[string]string{"top_up": "/steps/1/amount", "balance": "/balance", "ongoing_balance": "/ongoing"})
}

func askConversion(v vector) (body, want object) {
	return object{"grants": oneLot(v.Inputs["credits"]), "currency": "EUR", "rate": v.Inputs["conversion_rate"]},
		expected(v, map[string]string{"amount": "/value/balance/exact"})
}

// askDebit asks as of a wallet that pays in whole or not at all.
func askDebit(v vector) (body, want object) {
	step := object{"at": first, "op": "use", "amount": v.Inputs["debit"]}
	steps := []any{step}
	if v.Inputs["calls_with_same_key"] != nil {
		step["key"] = "k"
		steps = append(steps, step)
	}
	want = expected(v, map[string]string{"balance": "/balance", "transactions": "/movements"})
	if result, there := v.Expected["result"]; there {
		want["/steps/0/outcome"] = wordOf(result, map[any]string{"rejected": "refused", "applied": "applied", "accepted": "applied", "success": "applied"})
	}
	body = renamed(v.Inputs, map[string]string{"currency": "currency"})
	body["grants"], body["steps"], body["overage_mode"] = oneLot(v.Inputs["balance"]), steps, "refuse"
	return body, want
}

func askExpiry(v vector) (body, want object) {
	granted := v.Inputs["granted_at"]
	return object{"grants": []any{object{"name": "g", "amount": "1", "effective_at": granted, "expires_after": v.Inputs["expiry_duration"]}}},
		expected(v, map[string]string{"expires_at": "/lots/0/expires_at"})
}

// askCancel decides the cancellation before anything begins.
func askCancel(v vector) (body, want object) {
	grants := []any{}
	for _, s := range v.Inputs["scheduled"].([]any) {
		g := renamed(s.(object), map[string]string{"id": "name", "at": "effective_at"})
		g["amount"] = "1"
		grants = append(grants, g)
	}
	words := map[any]any{"pending": "scheduled", "cancelled": "voided"}
	want = object{}
	for lot, status := range v.Expected["status"].(object) {
		want["/lots/name="+lot+"/status"] = words[status]
	}
	return object{"grants": grants, "steps": []any{object{"at": before, "op": "cancel", "from": v.Inputs["effective_date"]}}}, want
}
