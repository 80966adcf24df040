package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

func describe(t *testing.T, q calendar.Question) calendar.Description {
	t.Helper()
	d, err := calendar.Describe(q)
	require.NoError(t, err)
	return d
}

func TestATrialIsAPeriodOfItsOwnThatTheFirstPaidOneFollows(t *testing.T) {
	t.Parallel()
	q := calendar.Question{Rule: calendar.Rule{Zone: "America/Los_Angeles", Cadence: monthly}, Start: moment("2017-03-01T23:30:00"), TrialDays: 30,
		At: moment("2017-03-20")}
	d := describe(t, q)
	require.Equal(t, calendar.Trial, d.Period.Kind)
	require.Equal(t, 30, d.Period.Days)
	require.Equal(t, 0, d.Completed)
	require.Equal(t, 31, d.BillingDay)
	require.Equal(t, in("America/Los_Angeles", "2017-03-31T23:30:00"), d.First.Start)
	require.Equal(t, in("America/Los_Angeles", "2017-04-30T23:30:00"), d.First.End)
	q.At = moment("2017-03-01T23:29:59")
	require.Nil(t, describe(t, q).Period)
	q.Rule.BillingDay, q.TrialDays = 15, 10
	require.Equal(t, calendar.Short, describe(t, q).First.Kind)
}

func TestARunBillsThePeriodItLiesInOrTheLastThatIsOver(t *testing.T) {
	t.Parallel()
	q := calendar.Question{Rule: calendar.Rule{Zone: "UTC", Cadence: monthly}, Start: moment("2022-01-30"), RunAt: moment("2022-02-28")}
	d := describe(t, q)
	require.Equal(t, 0, d.Billed.Index)
	require.Equal(t, in("UTC", "2022-02-27T23:59:59"), d.Billed.Inclusive())
	q.Advance = true
	require.Equal(t, 1, describe(t, q).Billed.Index)
	q.RunAt, q.Advance = moment("2022-02-27"), false
	require.Nil(t, describe(t, q).Billed)
}

func TestCompletedPeriodsCountAStubAndWholeOnesDoNot(t *testing.T) {
	t.Parallel()
	q := calendar.Question{Rule: calendar.Rule{Zone: "UTC", Cadence: monthly, BillingDay: 15}, Start: moment("2026-01-10"), At: moment("2026-03-15"),
		Changes: []calendar.RuleChange{{At: moment("2026-02-15"), Change: calendar.Change{BillingDay: 20}}}}
	d := describe(t, q)
	require.Equal(t, 3, d.Completed, "10 January to 15, to 15 February, to 20")
	require.Equal(t, 1, d.Whole)
	require.Equal(t, 20, d.BillingDay)
	q.At = moment("2026-01-14T23:59:59")
	require.Equal(t, 0, describe(t, q).Completed)
}

func TestAListOfBoundariesStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	q := calendar.Question{Rule: calendar.Rule{Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Day, Count: 1}}, Start: moment("2026-01-01")}
	require.Len(t, describe(t, q).Boundaries, 1)
	q.From, q.To = moment("2026-01-03T01:00:00"), moment("2026-01-06")
	d := describe(t, q)
	require.Len(t, d.Boundaries, 3)
	require.Equal(t, in("UTC", "2026-01-04"), d.Boundaries[0].At)
	q.To = moment("2099-01-01")
	require.Len(t, describe(t, q).Boundaries, calendar.MaxBoundaries)
	q.Count = 2
	require.Len(t, describe(t, q).Boundaries, 2)
}

func TestAQuestionNamesEveryFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := calendar.Describe(calendar.Question{Rule: calendar.Rule{Zone: "x", Cadence: monthly}, TrialDays: -1, Count: 1001,
		Add: calendar.Cadence{Unit: calendar.Day, Count: 1001}})
	var got []string
	for _, f := range fault.Of(err).Fields {
		got = append(got, f.Pointer)
	}
	require.Equal(t, []string{"/timezone", "/trial_days", "/count", "/add/count"}, got)

	rule := calendar.Rule{Zone: "UTC", Cadence: monthly}
	for pointer, q := range map[string]calendar.Question{
		"/start": {Rule: rule},
		"/changes/1/at": {Rule: rule, Start: moment("2026-01-01"), Changes: []calendar.RuleChange{
			{At: moment("2026-03-01"), Change: calendar.Change{BillingDay: 3}}, {At: moment("2026-02-01"), Change: calendar.Change{BillingDay: 4}}}},
		"/changes/0/timezone": {Rule: rule, Start: moment("2026-01-01"), Changes: []calendar.RuleChange{{At: moment("2026-03-01"), Change: calendar.Change{Zone: "x"}}}},
		"/floor":              {Rule: rule, Start: moment("2026-01-01"), Floor: "moon"},
		"/add/unit":           {Rule: rule, Start: moment("2026-01-01"), Add: calendar.Cadence{Unit: "moon", Count: 1}},
	} {
		_, err := calendar.Describe(q)
		require.Error(t, err, pointer)
		require.Equal(t, pointer, fault.Of(err).Fields[0].Pointer)
	}
}
