package cases_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const pricePath = "/mgt/v1/compute/price"

func TestThePricingCasesHold(t *testing.T) {
	t.Parallel()
	suite{file: "pricing.json", count: 88, ask: askPricing, skipped: map[string]string{}, unasked: map[string]string{
		"dynamic/quantity": "the price came with the events, however many units they are",
	}}.play(t)
}

// askPricing sends a case to the endpoint that its question belongs to.
func askPricing(v vector) []question {
	switch v.Topic {
	case "currency_rounding":
		return append(askDigits(v), question{pricePath, priceAsk(v), expected(v, pricePlaces)})
	case "package":
		if _, both := v.Expected["alternative_cumulative_amount"]; both {
			return perLineAndCumulative(v)
		}
	case "tax", "allocation":
		return append(askDigits(v), question{invoicePath, invoiceAsk(v), expected(v, invoicePlaces)})
	case "discount", "rounding_order":
		if len(expected(v, pricePlaces)) == 0 || v.Inputs["percentage_discount"] != nil || v.Inputs["fixed_discount"] != nil || v.Inputs["line_value"] != nil {
			return onAnInvoice(v)
		}
	}
	want := expected(v, pricePlaces)
	if v.Expected["true_up"] != nil && v.Expected["usage_rounded"] == nil && same("0", v.Expected["true_up"]) { // what is not made up is no charge
		delete(want, "/charges/kind=commitment/amount")
		want["/true_up"] = v.Expected["true_up"]
	}
	each(want, v, "lines", "/lines/%d/%s", linePlaces)
	each(want, v, "incremental_amounts", "/parts/%d/amount", nil)
	each(want, v, "bucket_amounts", "/parts/%d/amount", nil)
	each(want, v, "tier_amounts", "/lines/%d/amount", nil)
	if _, list := v.Expected["packages"].([]any); list {
		delete(want, "/packages")
		each(want, v, "packages", "/parts/%d/packages", nil)
	}
	if v.Inputs["currency_minor_digits"] != nil {
		want["/minor_digits"] = v.Inputs["currency_minor_digits"]
	}
	return []question{{pricePath, priceAsk(v), want}}
}

// askDigits asks for the decimals of a currency, where a case says them.
func askDigits(v vector) []question {
	if v.Inputs["currency_minor_digits"] == nil {
		return nil
	}
	nothing := object{"currency": v.Inputs["currency"], "price": object{"model": "dynamic"}, "transactions": []any{"0"}}
	return []question{{pricePath, nothing, object{"/minor_digits": v.Inputs["currency_minor_digits"]}}}
}

// pricePlaces says where the answer has what a case expects.
var pricePlaces = map[string]string{
	"amount": "/amount", "exact_amount": "/exact_amount", "rounded": "/amount", "total": "/amount", "provider_minor_units": "/provider_minor_units",
	"packages": "/packages", "new_packages": "/packages", "tier": "/lines/0/tier", "billed_units": "/billed_units",
	"converted_line_quantity": "/billed_units", "gross": "/gross", "usage_amount": "/usage_amount", "maximum_discount": "/maximum_discount",
	"minimum_true_up": "/true_up", "within_commitment": "/usage_amount", "overage": "/overage_amount",
	"usage_rounded": "/charges/kind=usage/amount", "true_up": "/charges/kind=commitment/amount",
	"tier3_gross": "/lines/0/amount", "tier3_discount": "/lines/0/discount", "tier4_gross": "/lines/1/amount", "tier4_discount": "/lines/1/discount",
}

var linePlaces = map[string]string{"tier": "tier", "units": "units", "unit_part": "unit_part", "flat_part": "flat_part", "amount": "amount"}

// each puts what a case expects of a list at a pointer for each entry. Entries that are objects have their fields renamed.
func each(want object, v vector, name, pointer string, fields map[string]string) {
	list, _ := v.Expected[name].([]any)
	for i, entry := range list {
		if fields == nil {
			want[fmt.Sprintf(pointer, i)] = entry
			continue
		}
		for from, value := range entry.(object) {
			want[fmt.Sprintf(pointer, i, fields[from])] = value
		}
	}
}

// perLineAndCumulative asks the same under both policies that the case names.
func perLineAndCumulative(v vector) []question {
	perLine, cumulative := priceAsk(v), priceAsk(v)
	perLine["conversion"].(object)["per_line"] = true
	return []question{
		{pricePath, perLine, expected(v, map[string]string{"converted_line_quantity": "/billed_units", "amount": "/amount"})},
		{pricePath, cumulative, expected(v, map[string]string{"alternative_cumulative_amount": "/amount"})},
	}
}

// priceAsk gives the request the endpoint's names.
func priceAsk(v vector) object {
	in := v.Inputs
	body := renamed(in, map[string]string{"currency": "currency", "quantity": "quantity", "line_quantity": "quantity", "transactions": "transactions",
		"bucket_quantities": "buckets", "minimum_amount": "minimum", "maximum_amount": "maximum"})
	body["price"] = priceOf(v)
	if billed := renamed(in, map[string]string{"already_billed_quantity": "quantity", "already_billed_amount": "amount"}); !nothing(billed) {
		body["already_billed"] = billed
	}
	if convert, there := in["convert"].(object); there {
		conversion := renamed(convert, map[string]string{"operation": "operation", "factor": "factor"})
		for name, value := range renamed(in, map[string]string{"usage_discount_units": "free_units"}) {
			conversion[name] = value
		}
		if round := convert["round"]; round != nil && round != "none" {
			conversion["round"] = roundings[fmt.Sprint(round)]
		}
		body["conversion"] = conversion
	} else if free, there := in["usage_discount_units"]; there {
		body["conversion"] = object{"operation": "multiply", "factor": "1", "free_units": free}
	}
	if commitment := renamed(in, map[string]string{"commitment_amount": "amount", "commitment": "amount", "overage_factor": "overage_factor",
		"true_up": "true_up", "true_up_enabled": "true_up"}); len(commitment) > 0 {
		body["commitment"] = commitment
	}
	if body["price"].(object)["model"] == "dynamic" {
		delete(body, "quantity")
		body["transactions"] = carried(in)
	}
	if full, there := in["full_units_per_event"].([]any); there {
		body["events"] = proratedEvents(full, in["prorated_units_per_event"].([]any))
	}
	return body
}

// nothing tells a first bill of the period, which the systems that cases come from write as zero billed before.
func nothing(billed object) bool {
	for _, amount := range billed {
		if !same("0", amount) {
			return false
		}
	}
	return true
}

var roundings = map[string]string{"ceil": "up", "floor": "down", "round": "nearest"}

// carried gives the amount that a case has already: a price that came with the event, usage that was priced, or nothing used.
func carried(in object) []any {
	for _, name := range []string{"metered_amount", "precise_total_amount_cents", "usage_exact", "value", "line_quantity"} {
		if amount, there := in[name]; there {
			return []any{amount}
		}
	}
	return nil
}

func proratedEvents(full, prorated []any) []any {
	out := make([]any, 0, len(full))
	for i := range full {
		out = append(out, object{"units": full[i], "prorated_units": prorated[i]})
	}
	return out
}

const invoicePath = "/mgt/v1/compute/invoice"

var invoicePlaces = map[string]string{"tax": "/totals/tax", "discount": "/totals/discount", "total": "/totals/total",
	"amount": "/totals/total", "round_then_add": "/totals/total", "shares": "/allocation"}

// onAnInvoice asks for whole lines, and for one line of the same amounts where the case says what that would be.
func onAnInvoice(v vector) []question {
	out := []question{{invoicePath, invoiceAsk(v), expected(v, invoicePlaces)}}
	if _, both := v.Expected["add_then_round"]; both {
		one := object{"currency": v.Inputs["currency"], "price": object{"model": "dynamic"}, "transactions": v.Inputs["line_values"]}
		out = append(out, question{pricePath, one, expected(v, map[string]string{"add_then_round": "/amount"})})
	}
	return out
}

func invoiceAsk(v vector) object {
	in := v.Inputs
	body := object{"currency": in["currency"]}
	if weights, there := in["weights"]; there {
		body["allocation"] = object{"total": in["total"], "weights": weights}
		return body
	}
	amounts, several := in["line_values"].([]any)
	for _, name := range []string{"line_value", "taxable", "amount"} {
		if amount, there := in[name]; there && !several {
			amounts = slices.Repeat([]any{amount}, countOf(in["line_count"]))
		}
	}
	var lines []any
	for _, amount := range amounts {
		lines = append(lines, object{"amount": amount})
	}
	if in["unit_amount"] != nil {
		lines = append(lines, renamed(in, map[string]string{"unit_amount": "unit_amount", "quantity": "quantity", "line_quantity": "quantity"}))
	}
	body["lines"] = lines
	if rate, there := in["rate_percent"]; there {
		body["taxes"] = []any{joined(object{"percent": rate}, renamed(in, map[string]string{"inclusive": "inclusive", "tax_inclusive": "inclusive"}))}
	}
	if discount := renamed(in, map[string]string{"percentage_discount": "percent", "fixed_discount": "amount"}); len(discount) > 0 {
		body["discounts"] = []any{discount}
	}
	return body
}

// countOf reads a whole number that a case writes as number or as text; 1 if it has none.
func countOf(n any) int {
	if n == nil {
		return 1
	}
	count, _ := strconv.Atoi(fmt.Sprint(n)) // no lines for what is no number: then nothing that is expected is there
	return count
}

// priceOf tells the model by the inputs where a case does not name it.
func priceOf(v vector) object {
	in := v.Inputs
	model := strings.TrimSuffix(strings.TrimSuffix(fmt.Sprint(in["model"]), "_per_bucket"), "_after_conversion")
	_, tiers := in["tiers"]
	if in["model"] == nil {
		model = "per_unit"
	}
	_, blocks := in["policy"]
	switch {
	case blocks:
		return object{"model": "tiered_blocks", "policy": strings.ToLower(in["policy"].(string)), "blocks": renamedAll(in["tiers"], blockNames)}
	case tiers && in["model"] == nil:
		model = "graduated"
	case model == "package":
		return joined(object{"model": model}, renamed(in, map[string]string{"package_size": "per_units", "package_amount": "amount",
			"free_units": "free_units", "round": "round"}))
	case model == "percentage":
		price := joined(object{"model": model}, renamed(in, map[string]string{"rate_percent": "rate_percent", "fixed": "fixed_amount",
			"free_total": "free_amount", "mn": "transaction_minimum", "mx": "transaction_maximum"}))
		if in["free_events"] != nil {
			price["free_events"] = countOf(in["free_events"])
		}
		return price
	case in["unit_amount"] != nil:
		return object{"model": model, "amount": in["unit_amount"]}
	case !tiers:
		_, minor := in["precise_total_amount_cents"]
		if in["model"] == nil {
			model = "dynamic"
		}
		return joined(object{"model": model, "minor_units": minor}, renamed(in, map[string]string{"multiplier": "multiplier"}))
	}
	return object{"model": model, "tiers": renamedAll(in["tiers"], tierNames), "flat_fee_at_zero": chargesAtZero(v)}
}

// chargesAtZero is the policy of the systems that a case comes from: Lago and OpenMeter charge the first flat fee at zero.
func chargesAtZero(v vector) bool {
	return strings.Contains(v.ID, "-lago-") || strings.Contains(v.ID, "-om-")
}

var (
	tierNames  = map[string]string{"up_to": "up_to", "unit_amount": "amount", "flat_amount": "flat_amount", "rate_percent": "rate_percent"}
	blockNames = map[string]string{"block_size": "size", "block_price": "amount", "max_blocks": "max_blocks"}
)

// renamedAll keeps a name whose value is null: a tier without a bound says so.
func renamedAll(list any, names map[string]string) []any {
	var out []any
	for _, entry := range list.([]any) {
		in, to := entry.(object), object{}
		for from, name := range names {
			if value, there := in[from]; there {
				to[name] = value
			}
		}
		out = append(out, to)
	}
	return out
}

func joined(a, b object) object {
	for name, value := range b {
		a[name] = value
	}
	return a
}
