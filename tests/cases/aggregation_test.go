package cases_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

const aggregatePath = "/mgt/v1/compute/aggregate"

func TestAggregationCasesHoldOverHTTP(t *testing.T) {
	t.Parallel()
	suite{file: "aggregation.json", count: 40, ask: askAggregate, unasked: map[string]string{
		"sum/subscription_period":      "the line item's own bounds are what is asked",
		"late_events/already_invoiced": "what late records cost is priced for itself",
		"late_events/same_period":      "already billed is of the same period",
		"corrections/already_invoiced": "the record is out of the invoices' reach",
		"windowed/intervals":           "as many as usage has",
	}}.play(t)
}

// aggregationNames are the aggregations that other systems call otherwise.
var aggregationNames = map[string]string{"unique": "count_distinct", "avg": "average", "unique_count_with_operations": "active_count",
	"prorated_unique_count": "prorated_count_distinct", "sum_with_multiplier": "sum"}

// ownOfEvent are an event's fields; what else a case writes into one is a property of it.
var ownOfEvent = []string{"id", "source", "time", "value", "recorded_at", "voids", "amends"}

func askAggregate(v vector) []question {
	switch {
	case v.Inputs["function"] != nil:
		return []question{aggregateOf(v, object{"aggregation": "sum", "events": []any{object{"id": "e", "time": anyDay, "value": v.Inputs["value"]}},
			"rounding": roundedAs(v.Inputs)})}
	case v.Inputs["late_records"] != nil:
		return append([]question{askLateRecords(v)}, askLatePrice(v)...)
	case v.Inputs["late_quantity"] != nil:
		return askMarginalPrice(v)
	case v.Inputs["deleted_record"] != nil:
		return []question{askDeletedRecord(v)}
	case v.Inputs["usage"] != nil:
		return askUsageRollup(v)
	case v.Inputs["multiplier"] != nil:
		return askMultiplied(v)
	case v.Inputs["aggregation"] != nil:
		return append([]question{aggregateOf(v, aggregateBody(v.Inputs))}, askAmount(v)...)
	}
	return nil
}

// askMultiplied asks for a sum, and for its units where the price converts them: a meter multiplies nothing itself.
func askMultiplied(v vector) []question {
	sum := aggregateOf(v, aggregateBody(v.Inputs))
	delete(sum.want, "/value")
	var values []any
	for _, event := range objectsOf(v.Inputs["events"]) {
		values = append(values, event["value"])
	}
	conversion := object{"operation": "multiply", "factor": v.Inputs["multiplier"]}
	want := expected(v, map[string]string{"value": "/billed_units", "quantity": "/billed_units", "total": "/billed_units"})
	return []question{sum, priced(object{"model": "per_unit", "amount": "1"}, object{"transactions": values, "conversion": conversion}, want)}
}

// anyDay is when something happened that a case gives no time.
const anyDay = "2026-01-01T00:00:00Z"

func aggregateOf(v vector, body object) question {
	want := expected(v, map[string]string{"value": "/value", "quantity": "/value", "total": "/value", "fraction": "/fraction",
		"final_level": "/carry_out"})
	if windows, ok := v.Expected["windows"].(object); ok {
		for i, day := range slices.Sorted(maps.Keys(windows)) {
			want[fmt.Sprintf("/windows/%d/start", i)] = midnightIn(v.Inputs["timezone"], day)
			want[fmt.Sprintf("/windows/%d/value", i)] = windows[day]
		}
	}
	if groups, ok := v.Expected["groups"].(object); ok {
		for i, name := range slices.SortedFunc(maps.Keys(groups), byKeyParts) {
			for k, part := range strings.Split(name, "|") {
				want[fmt.Sprintf("/groups/%d/key/%d", i, k)] = keyPart(part)
			}
			want[fmt.Sprintf("/groups/%d/value", i)] = groups[name]
		}
	}
	if items, ok := v.Inputs["line_items"].([]any); ok {
		for i, item := range items {
			want[fmt.Sprintf("/line_items/%d/value", i)] = v.Expected[item.(object)["id"].(string)]
		}
	}
	if _, billed := v.Expected["billed_amount"]; billed {
		units, _ := decimal.NewFromString(fmt.Sprint(v.Expected["quantity"])) // zero is billed for what is no number
		want["/billable"] = decimal.Max(units, decimal.Zero).String()
	}
	return question{path: aggregatePath, body: body, want: want}
}

// byKeyParts has the groups of events without a key first, as the answer has them.
func byKeyParts(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "|"), strings.Split(b, "|"), func(x, y string) int {
		if keyPart(x) == nil || keyPart(y) == nil {
			x, y = strings.TrimPrefix(x, "null"), strings.TrimPrefix(y, "null")
		}
		return strings.Compare(x, y)
	})
}

// keyPart is null where a case has no name for the group of the events that lack the property.
func keyPart(part string) any {
	if part == "" || part == "null" {
		return nil
	}
	return part
}

// aggregateBody gives a case's inputs the endpoint's names.
func aggregateBody(in object) object {
	body := renamed(in, map[string]string{"aggregation": "aggregation", "window": "window", "timezone": "timezone", "group_by": "group_by",
		"recurring": "recurring", "line_items": "line_items", "initial_level": "carry_in", "full_period_days": "full_period_days",
		"unique_key": "unique_key"})
	if name, other := aggregationNames[fmt.Sprint(in["aggregation"])]; other {
		body["aggregation"] = name
	}
	period := object{}
	for name, at := range renamed(in, map[string]string{"period_start": "start", "period_end": "end"}) {
		period[name] = midnightIn(in["timezone"], at)
	}
	if len(period) > 0 {
		body["period"] = period
	}
	if filter, ok := in["filter"]; ok {
		body["filter"] = object{"properties": filter}
	}
	if decimals, ok := fivePlaces[fmt.Sprint(body["aggregation"])]; ok {
		body["rounding"] = decimals
	}
	body["events"] = usageEvents(in)
	if in["toggles"] != nil {
		body["unique_key"] = "key"
	}
	return body
}

// fivePlaces is how the systems that these cases are of quote a quantity that time weighs (notes.rounding).
var fivePlaces = map[string]object{
	"weighted_sum":            {"function": "round", "precision": 5},
	"prorated_sum":            {"function": "ceil", "precision": 5},
	"prorated_count_distinct": {"function": "ceil", "precision": 5},
}

// usageEvents reads the three forms that cases write events in. A toggle's id is the key it toggles, and a record has none:
// its place in the list is its name.
func usageEvents(in object) []any {
	events := []any{}
	for _, e := range objectsOf(in["events"]) {
		event, properties := object{}, object{}
		for name, value := range e {
			if slices.Contains(ownOfEvent, name) {
				event[name] = value
			} else if value != nil { // no body says null: what has no value is left out
				properties[name] = value
			}
		}
		if len(properties) > 0 {
			event["properties"] = properties
		}
		events = append(events, event)
	}
	for i, toggle := range objectsOf(in["toggles"]) {
		events = append(events, object{"id": fmt.Sprintf("toggle-%04d", i), "time": toggle["time"], "operation": toggle["op"],
			"properties": object{"key": toggle["id"]}})
	}
	for _, records := range []string{"records", "late_records"} {
		for i, record := range objectsOf(in[records]) {
			event := object{"id": fmt.Sprintf("%s-%d", records, i), "time": midnightOf(record["date"]), "value": record["amount"]}
			if at := record["recorded_at"]; at != nil {
				event["recorded_at"] = midnightOf(at)
			}
			events = append(events, event)
		}
	}
	return events
}

func objectsOf(list any) []object {
	all, _ := list.([]any)
	out := make([]object, 0, len(all))
	for _, item := range all {
		out = append(out, item.(object))
	}
	return out
}

// midnightOf makes a date an instant, and leaves an instant.
func midnightOf(date any) string {
	if text := fmt.Sprint(date); strings.Contains(text, "T") {
		return text
	}
	return fmt.Sprint(date) + "T00:00:00Z"
}

// midnightIn makes a date the instant at which it begins in a zone, and leaves an instant.
func midnightIn(zone, date any) string {
	text := fmt.Sprint(date)
	if zone == nil || strings.Contains(text, "T") {
		return midnightOf(date)
	}
	location, err := time.LoadLocation(fmt.Sprint(zone))
	if err != nil {
		return text // the endpoint refuses the zone
	}
	day, err := time.ParseInLocation(time.DateOnly, text, location)
	if err != nil {
		return text // no window begins there
	}
	return day.UTC().Format(time.RFC3339)
}

func roundedAs(in object) object {
	out := object{"function": in["function"]}
	if in["precision"] != nil {
		out["precision"] = json.Number(fmt.Sprint(in["precision"]))
	}
	return out
}

// askLateRecords asks what late records do to months that have been invoiced.
func askLateRecords(v vector) question {
	body := object{"aggregation": v.Inputs["aggregation"], "events": usageEvents(v.Inputs),
		"late": object{"invoiced_until": midnightOf(v.Inputs["last_invoiced_end"]), "lookback_periods": v.Inputs["lookback_periods"], "unit": "month"}}
	want := object{}
	line := v.Expected["late_line"].(object)
	for i, bound := range line["period"].([]any) {
		want[[]string{"/late/lines/0/start", "/late/lines/0/end"}[i]] = midnightOf(bound)
	}
	for i, date := range v.Expected["ignored"].([]any) {
		want[fmt.Sprintf("/late/ignored/%d/time", i)] = midnightOf(date)
	}
	return question{path: aggregatePath, body: body, want: want}
}

// askDeletedRecord asks what it does to an invoiced month when a record of it is deleted. The case does not say when that was: in
// the suite it comes from, the last invoice was until 2012-07-01.
func askDeletedRecord(v vector) question {
	record := v.Inputs["deleted_record"].(object)
	at := midnightOf(record["date"])
	body := object{"aggregation": "sum", "events": []any{object{"id": "record", "time": at, "value": record["amount"]},
		object{"id": "deletion", "time": at, "recorded_at": "2012-07-02T00:00:00Z", "voids": "record"}},
		"late": object{"invoiced_until": "2012-07-01T00:00:00Z", "lookback_periods": v.Inputs["lookback_periods"], "unit": "month"}}
	return question{path: aggregatePath, body: body, want: expected(v, map[string]string{"credit": "/late/change", "invoice_unchanged": "/late/unchanged"})}
}

// somePeriod has as many days as a roll-up may have intervals.
var somePeriod = []string{"2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"}

// askUsageRollup asks for windows where the case has intervals without dates: one for each unit that it counts.
func askUsageRollup(v vector) []question {
	intervals := v.Inputs["usage"].([]any)
	ask := func(events []any, want object) question {
		return question{path: aggregatePath, want: want, body: object{"aggregation": "sum", "window": "day", "events": events,
			"period": object{"start": midnightOf(somePeriod[0]), "end": midnightOf(somePeriod[len(intervals)])}}}
	}
	var first, second []any
	wantFirst, wantSecond := object{}, object{}
	for i, amounts := range intervals {
		for k, amount := range amounts.([]any) {
			first = append(first, object{"id": fmt.Sprintf("e-%d-%d", i, k), "time": midnightOf(somePeriod[i]), "value": amount})
		}
	}
	for i, sum := range v.Expected["unit1"].([]any) {
		wantFirst[fmt.Sprintf("/windows/%d/value", i)] = sum
	}
	last := len(intervals) - 1
	for i, text := range v.Inputs["second_unit"].([]any) {
		amount, _, _ := strings.Cut(fmt.Sprint(text), " ")
		second = append(second, object{"id": fmt.Sprintf("e-%d", i), "time": midnightOf(somePeriod[last]), "value": amount})
	}
	wantSecond[fmt.Sprintf("/windows/%d/value", last)] = v.Expected["unit2_last"]
	return []question{ask(first, wantFirst), ask(second, wantSecond)}
}

// priced asks what a quantity costs. Cases with money name no currency.
func priced(price, more, want object) question {
	body := object{"currency": "USD", "price": price}
	for name, value := range more {
		body[name] = value
	}
	return question{path: pricePath, body: body, want: want}
}

// blocksOf is a price for each block that is begun.
func blocksOf(price any) object {
	p := price.(object)
	return object{"model": "package", "per_units": p["block_size"], "amount": p["block_price"]}
}

// askAmount asks what the quantity costs that the aggregation is expected to come to. Below zero nothing is billed.
func askAmount(v vector) []question {
	quantity := v.Expected["quantity"]
	if quantity == nil {
		quantity = v.Expected["value"]
	}
	if units, err := decimal.NewFromString(fmt.Sprint(quantity)); err == nil && units.IsNegative() {
		quantity = "0"
	}
	want := expected(v, map[string]string{"amount": "/amount", "billed_amount": "/amount", "amount_cents": "/provider_minor_units"})
	switch {
	case len(want) == 0:
		return nil
	case v.Inputs["price"] != nil:
		return []question{priced(blocksOf(v.Inputs["price"]), object{"quantity": quantity}, want)}
	default:
		return []question{priced(object{"model": "per_unit", "amount": v.Inputs["unit_amount"]}, object{"quantity": quantity}, want)}
	}
}

// askLatePrice asks what the late line costs: its records one after the other, each as the difference that it makes.
func askLatePrice(v vector) []question {
	var counted []any
	for _, record := range objectsOf(v.Inputs["late_records"]) {
		if !slices.Contains(v.Expected["ignored"].([]any), record["date"]) {
			counted = append(counted, record["amount"])
		}
	}
	if len(counted) == 0 {
		return nil
	}
	line := v.Expected["late_line"].(object)
	return []question{priced(blocksOf(v.Inputs["price"]), object{"transactions": counted}, object{"/amount": line["amount"]})}
}

// askMarginalPrice asks what late usage costs above what was invoiced of its period, and what it would cost by itself.
func askMarginalPrice(v vector) []question {
	price := object{"model": "graduated", "tiers": renamedAll(v.Inputs["tiers"], tierNames)}
	return []question{
		priced(price, object{"quantity": v.Inputs["late_quantity"], "already_billed": object{"quantity": v.Inputs["invoiced_quantity"]}},
			object{"/amount": v.Expected["additional_amount"]}),
		priced(price, object{"quantity": v.Inputs["late_quantity"]}, object{"/amount": v.Expected["alternative_if_priced_alone"]}),
	}
}
