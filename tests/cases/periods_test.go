package cases_test

import (
	"strconv"
	"strings"
	"testing"
)

const periodsPath = "/mgt/v1/compute/periods"

func TestTheSharedPeriodCasesHold(t *testing.T) {
	t.Parallel()
	suite{file: "periods.json", count: 59, ask: askPeriods, silent: localRepeats}.play(t)
}

// localRepeats are fields of cases that nothing is asked by, and why.
var localRepeats = map[string]string{
	"inputs anchor_local":       "repeats the instant",
	"inputs period_start_local": "repeats the instant",
}

// periodFields are the names that a case and the endpoint have for the same thing.
var periodFields = map[string]string{
	"timezone": "timezone", "mode": "mode", "interval": "interval", "anchor": "anchor", "billing_day": "billing_day", "count": "count",
	"period_start": "start", "start": "start", "start_date": "start", "start_local": "start", "subscription_at": "start", "from": "start",
	"at": "at", "at_date": "at", "to": "at", "instant": "at", "billing_run_at": "run_at", "pay_in_advance": "pay_in_advance",
	"trial_days": "trial_days", "floor": "floor", "weekday": "weekday", "end": "at", "end_date": "at", "run_at": "run_at",
}

// periodPlaces says where the answer has what a case expects of the period that contains at.
var periodPlaces = map[string]string{
	"next_boundary": "/next_boundary/at", "next_boundary_local": "/next_boundary/local", "first_billing_cycle_date": "/first_billing_date/date",
	"period_start": "/period/start/at", "period_end": "/period/end/at", "period_end_local": "/period/end/local", "duration_hours": "/period/duration_hours",
	"whole_periods": "/completed_periods", "completed_periods": "/completed_periods", "start_utc": "/start/at", "billing_day": "/billing_day",
	"weekday": "/boundaries/0/weekday", "period_start_local": "/period/start/local", "period_end_inclusive": "/period/end_inclusive/at",
	"elapsed_periods": "/completed_periods",
}

func askPeriods(v vector) []question {
	switch {
	case v.Inputs["event_times"] != nil:
		return askEvents(v)
	case v.Inputs["add_days"] != nil:
		return []question{{path: periodsPath, body: object{"timezone": v.Inputs["timezone"], "at": v.Inputs["from"],
			"add": object{"unit": "day", "count": v.Inputs["add_days"]}}, want: object{"/added/at": v.Expected["result"]}}}
	case v.Inputs["floor"] != nil:
		return []question{{path: periodsPath, body: renamed(v.Inputs, periodFields), want: object{"/floored/at": v.Expected["result"]}}}
	}
	q := question{path: periodsPath, body: renamed(v.Inputs, periodFields), want: expected(v, periodPlaces)}
	switch v.Topic {
	case "billing_run_period":
		q.want = expected(v, map[string]string{"period_start": "/billed_period/start/at", "period_end_inclusive": "/billed_period/end_inclusive/at",
			"period_end_exclusive": "/billed_period/end/at"})
	case "first_period":
		q.want = expected(v, map[string]string{"period_start": "/first_period/start/date", "period_end": "/first_period/end/date"})
	}
	addLists(v, q)
	out := []question{spelled(q)}
	if amount := v.Expected["amount"]; amount != nil { // which the case has as the price too: the period after a trial is a whole one
		begin := renamed(v.Inputs, map[string]string{"start_local": "start", "trial_days": "trial_days"})
		out = append(out, question{path: prorationPath, body: object{"currency": "USD", "timezone": v.Inputs["timezone"], "amount": amount, "begin": begin},
			want: object{"/part/amount": amount}})
	}
	return out
}

// addLists asks for as many boundaries as the case lists, and compares dates where it lists dates.
func addLists(v vector, q question) {
	if list, ok := v.Expected["boundaries"].([]any); ok {
		if q.body["count"] == nil {
			q.body["count"] = len(list)
		}
		for i, want := range list {
			q.want["/boundaries/"+strconv.Itoa(i)+"/"+fieldOf(want)] = want
		}
	}
	if list, ok := v.Expected["first_paid_period_local_dates"].([]any); ok {
		q.want["/first_period/start/date"], q.want["/first_period/end/date"] = list[0], list[1]
	}
}

func fieldOf(text any) string {
	if s, _ := text.(string); strings.Contains(s, "T") {
		return "at"
	}
	return "date"
}

// askEvents asks each zone of the case which of the events its own period holds.
func askEvents(v vector) []question {
	var out []question
	for zone, period := range v.Inputs["periods"].(object) {
		start, end := period.([]any)[0], period.([]any)[1]
		out = append(out, question{path: periodsPath, body: object{"timezone": zone, "start": start, "events": v.Inputs["event_times"]},
			want: object{"/period/end/at": end, "/counted_events": v.Expected["counted_events"].(object)[zone]}})
	}
	return out
}

// spelled writes offsets as RFC 3339 does, with a colon, and weekdays in lower case.
func spelled(q question) question {
	for pointer, want := range q.want {
		s, ok := want.(string)
		switch {
		case ok && strings.HasSuffix(pointer, "/local"):
			q.want[pointer] = s[:len(s)-2] + ":" + s[len(s)-2:]
		case ok && strings.HasSuffix(pointer, "/weekday"):
			q.want[pointer] = strings.ToLower(s)
		}
	}
	return q
}
