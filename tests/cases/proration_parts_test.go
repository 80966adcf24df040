package cases_test

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// single asks for one part of one price.
func (c prorationCase) single() []question {
	body, places := c.body(object{}), map[string]string{"amount": "/part/amount", "fraction": "/part/share/fraction", "exact": "/part/share/exact",
		"remaining_value": "/part/amount", "factor": "/part/share/fraction", "partial_days": "/part/share/part_days", "first_period": "/part/amount"}
	switch {
	case c.has("partial_start"):
		body["from"], body["to"], body["counts"] = c.Inputs["partial_start"], c.Inputs["partial_end"], object{"of": c.Inputs["full_period_days"]}
	case c.has("service_days"):
		p := c.Inputs["full_period"].([]any)
		body["period"], body["counts"] = object{"start": p[0], "end": p[1]}, object{"part": c.Inputs["service_days"]}
	case c.has("of_days"):
		p := c.Inputs["period"].([]any)
		body["from"], body["to"], body["counts"] = p[0], p[1], object{"of": c.Inputs["of_days"]}
	case c.has("yearly_amount"):
		body["amount"], body["unit"] = c.Inputs["yearly_amount"], "day"
		body["period"] = object{"start": c.Inputs["period_start"], "interval": object{"unit": "year"}}
		body["from"], body["to"] = c.Inputs["period_start"], c.Inputs["period_end"]
	case c.has("unit_amount", "quantity"): // a one-time fee
		body["amount"], body["quantity"], body["unit"] = c.Inputs["unit_amount"], written(c.Inputs["quantity"]), "none"
		body["period"], body["from"] = c.period(), c.Inputs["change_at"]
	case c.has("full_period_end"):
		body["period"], body["to"] = object{"start": c.Inputs["period_start"], "end": c.Inputs["full_period_end"]}, c.Inputs["cancel_at"]
	case c.has("subscription_end_proration_mode"):
		begin := maps.Clone(inMonth)
		begin["start"] = c.Inputs["start_at"]
		if c.has("anchor") {
			begin["mode"], begin["anchor"] = "anchor", c.Inputs["anchor"]
		}
		if units := c.interval(); units != nil {
			begin["interval"] = units
		}
		body["begin"], body["to"] = begin, c.Inputs["cancel_at"]
		body["unit"] = wordOf(c.Inputs["subscription_end_proration_mode"], map[any]string{"bill_full_period": "none", "bill_actual_period": "second"})
	case c.has("change_at"):
		body["period"], body["from"] = c.period(), c.Inputs["change_at"]
	default:
		return c.firstPeriods(body, places)
	}
	return c.one(body, expected(c.vector, places))
}

// firstPeriods asks for a stub by each rule that the case has an amount for.
func (c prorationCase) firstPeriods(body object, places map[string]string) []question {
	begin := renamed(c.Inputs, map[string]string{"start": "start", "start_at": "start", "anchor": "anchor", "anchor_day": "billing_day",
		"billing_day": "billing_day", "trial_days": "trial_days", "mode": "mode", "weekday": "weekday"})
	if c.has("anchor") {
		begin["mode"] = "anchor"
	}
	if units := c.interval(); units != nil {
		begin["interval"] = units
	}
	body["begin"] = begin
	if !c.has("anchor_day") {
		out := c.one(body, expected(c.vector, places))
		if c.has("first_boundary") {
			second, next := maps.Clone(body), maps.Clone(begin)
			next["start"], second["begin"] = c.Inputs["first_boundary"], next
			out = append(out, c.one(second, object{"/part/amount": c.Expected["second_period"]})...)
		}
		return out
	}
	var out []question
	for rule, denominator := range map[string]string{"stripe_rule": "starting", "killbill_rule": "ending"} {
		asked, with := maps.Clone(body), maps.Clone(begin)
		with["denominator"], asked["begin"] = denominator, with
		out = append(out, question{path: prorationPath, body: asked, want: object{"/part/amount": c.Expected[rule]}})
	}
	return out
}

// interval reads "month", "3 months" or a unit and a count.
func (c prorationCase) interval() any {
	text, written := c.Inputs["interval"].(string)
	if !written {
		return c.Inputs["interval"]
	}
	count, unit, several := strings.Cut(text, " ")
	if !several {
		return object{"unit": text}
	}
	return object{"unit": strings.TrimSuffix(unit, "s"), "count": json.Number(count)}
}

// counted asks for parts that the case has as days, or for two prices up to a change.
func (c prorationCase) counted() []question {
	if c.has("addon_amount") {
		p := c.Inputs["period"].([]any)
		base := object{"period": object{"start": p[0], "end": p[1]}, "to": c.Inputs["change_at"]}
		addon := maps.Clone(base)
		addon["amount"] = c.Inputs["addon_amount"]
		return []question{{path: prorationPath, body: c.body(base), want: object{"/part/amount": c.Expected["base"]}},
			{path: prorationPath, body: c.body(addon), want: object{"/part/amount": c.Expected["addon"]}}}
	}
	days, ok := c.Inputs["days"].([]any)
	if !ok {
		return c.one(c.body(object{"counts": object{"part": c.Inputs["days"], "of": c.Inputs["of"]}}), expected(c.vector, inWhole))
	}
	var out []question
	for i, n := range days {
		out = append(out, question{path: prorationPath, body: c.body(object{"counts": object{"part": n, "of": c.Inputs["of"]}}),
			want: object{"/part/amount": c.Expected["amounts"].([]any)[i]}})
	}
	return out
}

// convention asks for a factor by the days that a case has of months of several lengths.
func (c prorationCase) convention() []question {
	months, ok := c.Inputs["days_used_in_month"].(object)
	if !ok {
		months = object{c.Inputs["of"].(json.Number).String(): c.Inputs["days"]}
	}
	var out []question
	for of, days := range months {
		out = append(out, question{path: prorationPath, body: c.body(object{"convention": c.Inputs["mode"], "counts": object{"part": days, "of": json.Number(of)}}),
			want: object{"/part/factor": c.Expected["factor"]}})
	}
	return out
}

// commitment takes the fee and the usage off what is left of it.
func (c prorationCase) commitment() []question {
	body := object{"currency": c.Inputs["currency"], "unit": "day", "precision": 8, "amount": c.major(c.Inputs["amount_cents"])}
	var deductions []any
	for _, name := range []string{"subscription_fee_cents", "charges_cents"} {
		if c.has(name) {
			deductions = append(deductions, c.major(c.Inputs[name]))
		}
	}
	body["deductions"] = deductions
	if c.has("week_start") {
		body["period"], body["to"] = object{"start": c.Inputs["week_start"], "interval": object{"unit": "week"}}, c.Inputs["terminated_at"]
		body["last_day_used"] = true
	} else {
		begin := maps.Clone(inMonth)
		begin["start"] = c.Inputs["start"]
		body["begin"] = begin
	}
	return c.one(body, c.centsWanted("/part/share/days"))
}

// centsWanted compares exact minor units at the precision that the case has them with.
func (c prorationCase) centsWanted(days string) object {
	want := object{days: c.Expected["days"], "/part/amount": c.major(c.Expected["amount_cents"]), "/part/precise": c.shifted()}
	if c.has("period_days") {
		want["/part/share/period_days"] = c.Inputs["period_days"]
	}
	return want
}

// shifted has six decimals of a cent as eight of a unit: the decimal point moves, the digits stay.
func (c prorationCase) shifted() string {
	return decimal.RequireFromString(c.Expected["exact_cents"].(string)).Shift(-2).String()
}

// inCents asks for the part of a fee in minor units by dates where the case has them, and else by the days that it counted.
func (c prorationCase) inCents() []question {
	body := object{"currency": c.Inputs["currency"], "unit": "day", "precision": 8, "amount": c.major(c.Inputs["amount_cents"])}
	maps.Copy(body, renamed(c.Inputs, map[string]string{"timezone": "timezone"}))
	if c.has("tax_percent") {
		body["tax_percent"] = written(c.Inputs["tax_percent"])
	}
	begin := maps.Clone(inMonth)
	switch {
	case c.has("terminated_at", "period"):
		p := c.Inputs["period"].([]any)
		body["kind"], body["period"], body["at"] = "cancel", object{"start": p[0], "end": p[1]}, c.Inputs["terminated_at"]
		return c.one(body, object{"/cancel/unused/days": c.Expected["days"], "/cancel/item": c.major(c.Expected["amount_cents"])})
	case c.has("start", "period"):
		p := c.Inputs["period"].([]any)
		body["period"], body["from"] = object{"start": p[0], "end": p[1]}, c.Inputs["start"]
	case c.has("period_days", "trial_days") && !c.has("start"):
		body["counts"] = object{"elapsed": c.Inputs["trial_days"], "of": c.Inputs["period_days"]}
	case c.has("start"):
		maps.Copy(begin, renamed(c.Inputs, map[string]string{"start": "start", "trial_days": "trial_days"}))
		body["begin"] = begin
	case c.has("start_weekday"):
		maps.Copy(begin, renamed(c.Inputs, map[string]string{"trial_days": "trial_days"}))
		begin["start"], begin["interval"] = dayOf(c.text("start_weekday")), object{"unit": "week"}
		body["begin"] = begin
	case c.has("change_at"):
		begin["start"] = c.Inputs["change_at"]
		body["begin"] = begin
	default:
		counts := c.countedDays()
		if c.has("days_used") {
			counts["part"] = c.Inputs["days_used"]
		}
		if c.has("period_days") {
			counts["of"] = c.Inputs["period_days"]
		}
		body["counts"] = counts
	}
	return c.one(body, c.centsWanted("/part/share/days"))
}

// dayOf is a date on a weekday: the case has no date, and all weeks are alike.
func dayOf(weekday string) string {
	for day := time.Date(2022, 3, 14, 0, 0, 0, 0, time.UTC); ; day = day.AddDate(0, 0, 1) {
		if strings.EqualFold(day.Weekday().String(), weekday) {
			return day.Format(time.DateOnly)
		}
		if day.Day() > 20 {
			panic("no weekday: " + weekday)
		}
	}
}

// countedDays are what the case says it charges: it has no dates to count from, and often no length of its period.
func (c prorationCase) countedDays() object {
	part, of, _ := strings.Cut(c.Expected["days"].(string), "/")
	counts := object{}
	for name, text := range map[string]string{"part": part, "of": of} {
		n, err := strconv.Atoi(text)
		if err != nil {
			panic(err)
		}
		counts[name] = n
	}
	return counts
}
