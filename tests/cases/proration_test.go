package cases_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

const prorationPath = "/mgt/v1/compute/proration"

func TestTheSharedProrationCasesHold(t *testing.T) {
	t.Parallel()
	suite{file: "proration.json", count: 67, ask: func(v vector) []question { return prorationCase{v}.ask() }, silent: prorationSilent}.play(t)
}

// prorationSilent are fields of cases that nothing is asked by, and why.
var prorationSilent = map[string]string{
	"inputs old":                                    "the amounts in words",
	"inputs new":                                    "the amounts in words",
	"inputs cadence":                                "the name of the price repeats it",
	"expected warning_required":                     "the answer has no warnings: it shows that nothing is credited",
	"inputs billable_used_days":                     "the days until the termination, itself included",
	"expected exact_cents":                          "a cancellation shows what it gives back rounded",
	"PRO-028-fp-li-prev-credit inputs change_at":    "all of the fee is asked back",
	"PRO-037-mt-yearly-in-month inputs change_at":   "the period begins at it",
	"PRO-049-om-arrears-3mo-cancel inputs interval": "the case has both ends of the full period",
	"PRO-065-kb-arrears-300 inputs billing":         "what is used is asked, and not what is left",
	"PRO-067-kb-arrears-261 inputs billing":         "what is used is asked, and not what is left",
}

type prorationCase struct{ vector }

var (
	aMonth   = object{"unit": "month"}
	inMonth  = object{"mode": "calendar", "interval": aMonth}
	inWhole  = map[string]string{"amount": "/part/amount"}
	ofChange = map[string]string{"credit": "/change/credit", "charge": "/change/charge", "net": "/change/net", "net_if_rounded_once": "/change/net_if_rounded_once",
		"lines": "/change/lines", "fair_value": "/change/fair_value", "net_charge": "/change/net", "next_period": "/change/next_period",
		"next_full": "/change/next_period", "total": "/change/net", "credits_issued": "/change/credits_issued", "repair": "/change/credit"}
)

// has says whether the case has all of these inputs.
func (c prorationCase) has(names ...string) bool {
	for _, name := range names {
		if c.Inputs[name] == nil {
			return false
		}
	}
	return true
}

func (c prorationCase) text(name string) string {
	s, _ := c.Inputs[name].(string)
	return s
}

// ask finds the adapter by what a case has; each only renames.
func (c prorationCase) ask() []question {
	switch {
	case c.Topic == "cancel_refund_split":
		return c.refundSplit()
	case c.Topic == "number_of_cycles":
		return c.cycles()
	case c.Topic == "commitment":
		return c.commitment()
	case c.Topic == "interval_change":
		return c.intervalChange()
	case c.Topic == "pause_resume":
		return c.pause()
	case c.Topic == "credit_cap":
		return c.cap()
	case c.Topic == "day_count":
		return c.part(object{"unit": "day"}, map[string]string{"days": "/part/share/part_days"}, "from", "to")
	case c.Topic == "grant_proration":
		return c.grant()
	case c.Topic == "idempotency":
		return c.repeated()
	case c.has("amount_cents"):
		return c.inCents()
	case c.has("used_days"):
		return c.one(c.body(object{"kind": "cancel", "counts": object{"elapsed": c.Inputs["used_days"], "of": c.Inputs["of"]}}),
			expected(c.vector, map[string]string{"credit": "/cancel/credit", "used": "/cancel/used"}))
	case c.has("days_used_in_month"), c.has("mode", "days", "of"):
		return c.convention()
	case c.has("addon_amount"), c.has("days", "of"):
		return c.counted()
	case c.has("progress"):
		return c.progress()
	case c.has("new_amount"), c.has("old_amount"), c.has("unit_amount", "old_quantity"):
		return c.change()
	}
	return c.single()
}

// body adds what many cases have to what one adapter says.
func (c prorationCase) body(more object) object {
	out := renamed(c.Inputs, map[string]string{"currency": "currency", "timezone": "timezone", "amount": "amount"})
	if out["currency"] == nil {
		out["currency"] = "USD"
	}
	maps.Copy(out, more)
	return out
}

func (c prorationCase) one(body, want object) []question {
	return []question{{path: prorationPath, body: body, want: want}}
}

func (c prorationCase) part(more object, places map[string]string, copied ...string) []question {
	body := c.body(more)
	for _, name := range copied {
		body[name] = c.Inputs[name]
	}
	return c.one(body, expected(c.vector, places))
}

// period reads the bounds of the case's period, whose remarks say what kind of end it has.
func (c prorationCase) period() object {
	if end := c.text("period_end_inclusive"); end != "" {
		return object{"start": c.Inputs["period_start"], "end": end, "end_inclusive": "second"}
	}
	end, remark, _ := strings.Cut(c.text("period_end"), " ")
	out := object{"start": c.Inputs["period_start"], "end": end}
	if strings.Contains(remark, "inclusive last day") {
		out["end_inclusive"] = "day"
	}
	return out
}

func (c prorationCase) change() []question {
	if c.Inputs["invoice_state"] != nil {
		return c.edited()
	}
	body, change := c.body(object{"kind": "change", "period": c.period(), "amount": orNothing(c.Inputs["old_amount"])}),
		object{"at": c.Inputs["change_at"], "amount": orNothing(c.Inputs["new_amount"])}
	if c.has("unit_amount", "old_quantity") {
		c.multiplied("old")
		c.multiplied("new")
		body["amount"], body["quantity"] = c.Inputs["unit_amount"], written(c.Inputs["old_quantity"])
		change["amount"], change["quantity"] = c.Inputs["unit_amount"], written(c.Inputs["new_quantity"])
	}
	want := expected(c.vector, ofChange)
	if fraction := c.Expected["fraction"]; fraction != nil {
		want["/change/fraction"] = fraction
		if a, b, ok := strings.Cut(fraction.(string), "/"); ok && a == b || byDays(c) {
			body["unit"] = "day"
			delete(want, "/change/fraction")
			want["/change/days"] = fraction
		}
	}
	body["changes"] = []any{change}
	maps.Copy(body, renamed(c.Inputs, map[string]string{"billing": "billing", "already_paid": "paid", "previous_credits_issued": "earlier_credits"}))
	return c.one(body, want)
}

// multiplied holds an amount that the case has beside its quantity to the product.
func (c prorationCase) multiplied(when string) {
	product := decimal.RequireFromString(c.text("unit_amount")).Mul(decimal.RequireFromString(fmt.Sprint(c.Inputs[when+"_quantity"])))
	if amount, there := c.Inputs[when+"_amount"]; there && !same(amount, product) {
		panic("the case is at odds with itself: " + when + "_amount")
	}
}

// byDays says whether the case counts days, which its remarks on the period say.
func byDays(c prorationCase) bool { return strings.Contains(c.text("period_end"), "(") }

// edited asks for a change on an invoice that was issued, or was not.
func (c prorationCase) edited() []question {
	body := c.body(object{"kind": "change", "period": c.period(), "amount": c.Inputs["old_amount"],
		"changes": []any{object{"at": c.Inputs["change_at"], "amount": c.Inputs["new_amount"]}}})
	if c.text("invoice_state") == "issued" { // of which the source credits nothing
		body["credits"] = "none"
		want := object{"/change/charge": c.Expected["new_line"], "/change/lines/0/price": c.Inputs["new_amount"], "/change/credits_issued": 0}
		return append(c.one(body, want), c.one(c.body(object{"period": c.period(), "amount": c.Inputs["old_amount"]}),
			object{"/part/amount": c.Expected["issued_line_unchanged"]})...)
	}
	body["billing"] = "in_arrears"
	want := object{"/change/next_period": c.Expected["next_period"]}
	for i, name := range []string{"old_line", "new_line"} {
		addLine(want, i, c.Expected[name].(object))
	}
	return c.one(body, want)
}

func addLine(want object, i int, line object) {
	at := "/change/lines/" + string(rune('0'+i))
	want[at+"/amount"] = line["amount"]
	if period, ok := line["period"].([]any); ok {
		want[at+"/part/start"], want[at+"/part/end"] = instantOf(period[0]), instantOf(period[1])
	}
}

// pause is a change to nothing and one back.
func (c prorationCase) pause() []question {
	p := c.Inputs["period"].([]any)
	want := expected(c.vector, map[string]string{"total": "/change/net"})
	for i, name := range []string{"before_pause", "after_resume"} {
		addLine(want, i, c.Expected[name].(object))
	}
	return c.one(c.body(object{"kind": "change", "billing": c.Inputs["billing"], "period": object{"start": p[0], "end": p[1]}, "changes": []any{
		object{"at": c.Inputs["pause_at"], "amount": "0"}, object{"at": c.Inputs["resume_at"], "amount": c.Inputs["amount"]}}}), want)
}

// intervalChange reads "249.95 monthly 2012-05-01..06-01" and "2399.95 annual, billing day 1".
func (c prorationCase) intervalChange() []question {
	old, next := strings.Fields(c.text("old")), strings.Fields(strings.ReplaceAll(c.text("new"), ",", ""))
	units := map[string]string{"monthly": "month", "quarterly": "quarter", "annual": "year", "weekly": "week"}
	start, _, _ := strings.Cut(old[2], "..")
	want := expected(c.vector, map[string]string{"repair": "/change/credit", "next_full": "/change/next_period"})
	for _, name := range []string{"annual_line", "quarter_line", "month_line"} {
		if line, ok := c.Expected[name].(object); ok {
			addLine(want, 1, line)
		}
	}
	return c.one(c.body(object{"kind": "change", "amount": old[0], "period": object{"start": start, "interval": object{"unit": units[old[1]]}},
		"changes": []any{object{"at": c.Inputs["change_at"], "amount": next[0], "interval": object{"unit": units[next[1]]}}}}), want)
}

// repeated makes the same change, to nothing, as often as the case says.
func (c prorationCase) repeated() []question {
	n, err := c.Inputs["requests"].(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	var changes []any
	for range n {
		changes = append(changes, object{"at": c.Inputs["change_at"], "amount": "0"})
	}
	begin := maps.Clone(inMonth)
	begin["start"] = c.Inputs["change_at"]
	return c.one(c.body(object{"kind": "change", "begin": begin, "changes": changes}),
		object{"/change/credits_issued": c.Expected["credits_issued"], "/change/credit": "-" + c.Expected["credit"].(string)})
}

func (c prorationCase) progress() []question {
	done, of := decimal.RequireFromString(strings.TrimSuffix(c.text("progress"), "%")), decimal.NewFromInt(100)
	for ; !done.IsInteger(); done, of = done.Shift(1), of.Shift(1) { // counts are whole
	}
	return c.one(c.body(object{"kind": "change", "amount": c.Inputs["old_amount"], "paid": c.Inputs["already_paid"], "credits": "netted",
		"counts": object{"elapsed": json.Number(done.String()), "of": json.Number(of.String())}, "changes": []any{object{"amount": c.Inputs["new_amount"]}}}), expected(c.vector, ofChange))
}

// cap asks for all of a fee back.
func (c prorationCase) cap() []question {
	body := c.body(object{"kind": "cancel", "unit": "none"})
	maps.Copy(body, renamed(c.Inputs, map[string]string{"potential_credit": "amount", "original_amount_paid": "paid", "previous_credits_issued": "earlier_credits",
		"billed_amount": "amount", "previous_credit": "earlier_credits"}))
	return c.one(body, expected(c.vector, map[string]string{"credit": "/cancel/credit"}))
}

func (c prorationCase) grant() []question {
	return c.one(c.body(object{"currency": "CREDIT", "amount": c.Inputs["credits"], "period": c.period(), "from": c.Inputs["starts_at"],
		"precision": c.Inputs["precision"]}), expected(c.vector, map[string]string{"coefficient": "/part/share/fraction", "credits": "/part/precise"}))
}

// refundSplit has all of its amounts in minor units.
func (c prorationCase) refundSplit() []question {
	p := c.Inputs["period"].([]any)
	body := c.body(object{"kind": "cancel", "unit": "day", "period": object{"start": p[0], "end": p[1]}, "at": c.Inputs["terminated_at"],
		"on_termination": c.Inputs["on_termination"], "tax_percent": written(c.Inputs["tax_percent"])})
	for from, to := range map[string]string{"subscription_fee_cents": "amount", "coupon_on_fee_cents": "coupon",
		"earlier_credit_note_item_cents": "earlier_credits", "invoice_total_cents": "invoice_total", "paid_cents": "paid"} {
		body[to] = c.major(c.Inputs[from])
	}
	want := expected(c.vector, map[string]string{"unused_days": "/cancel/unused/part_days"})
	for from, to := range map[string]string{"item_cents": "item", "tax_cents": "tax", "credit_note_total_cents": "total", "refund_cents": "refund",
		"credit_cents": "credit", "offset_cents": "offset"} {
		if v := c.Expected[from]; v != nil {
			want["/cancel/"+to] = c.major(v)
		}
	}
	return c.one(body, want)
}

// cycles spans an agreement, or adds the shares that the case counted, between which lies a whole cycle.
func (c prorationCase) cycles() []question {
	want := expected(c.vector, map[string]string{"cycles": "/cycles/cycles", "number_of_cycles": "/cycles/number_of_cycles"})
	if c.has("leading_days") || c.has("trailing_days") {
		var shares []any
		for _, stub := range []string{"leading", "trailing"} {
			if c.has(stub + "_days") {
				shares = append(shares, object{"part": c.Inputs[stub+"_days"], "of": c.Inputs[stub+"_of"]})
			}
		}
		if len(shares) > 1 {
			shares = append(shares, object{"part": 1, "of": 1})
		}
		return c.one(c.body(object{"kind": "cycles", "shares": shares}), want)
	}
	return c.one(c.body(object{"kind": "cycles", "unit": "day", "begin": object{"start": c.Inputs["start"], "billing_day": c.Inputs["billing_day"]},
		"to": c.Inputs["end"]}), want)
}

// major reads minor units, exact ones with decimals among them.
func (c prorationCase) major(minor any) string { return major(c.Inputs, minor) }

func orNothing(amount any) any {
	if amount == nil {
		return "0"
	}
	return amount
}

func written(number any) any {
	if n, ok := number.(json.Number); ok {
		return n.String()
	}
	return number
}

// instantOf has a date at midnight.
func instantOf(v any) any {
	if s, ok := v.(string); ok && !strings.Contains(s, "T") {
		return s + "T00:00:00Z"
	}
	return v
}
