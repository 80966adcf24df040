package metering_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/metering"
)

var (
	may   = calendar.Interval{Start: at("2023-05-01T00:00:00Z"), End: at("2023-06-01T00:00:00Z")}
	yes   = new(true)
	no    = new(false)
	eight = dec("8")
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// event is one of May 2023: its day and time of day, and its number.
func event(id, when, value string) metering.Event {
	e := metering.Event{ID: id, Time: at("2023-05-" + when + "Z")}
	if value != "" {
		e.Value = metering.ParseValue(value)
	}
	return e
}

// toggled is an addition or a removal of a key.
func toggled(id, when, key string, op metering.Operation) metering.Event {
	return metering.Event{ID: id, Time: at(when), Operation: op, Properties: map[string]string{"user": key}}
}

func aggregated(t *testing.T, spec metering.Spec, events ...metering.Event) metering.Result {
	t.Helper()
	out, err := metering.Aggregate(spec, events)
	require.NoError(t, err)
	return out
}

func TestEachAggregationOfThreeEvents(t *testing.T) {
	t.Parallel()
	events := []metering.Event{event("a", "01T00:00:00", "3"), event("b", "16T12:00:00", "-1"), event("c", "31T00:00:00", "4.5")}
	for i := range events {
		events[i].Properties = map[string]string{"user": string("uvu"[i])}
	}
	for aggregation, want := range map[metering.Aggregation]string{
		metering.AggregationSum: "13/2", metering.AggregationCount: "3", metering.AggregationMax: "9/2", metering.AggregationLatest: "9/2",
		metering.AggregationAverage: "13/6", metering.AggregationCountDistinct: "2", metering.AggregationActiveCount: "2",
		metering.AggregationWeightedSum:   "82/31",  // 3 − 15.5/31 + 4.5/31
		metering.AggregationProratedSum:   "163/62", // 3 − 16/31 + 4.5/31
		metering.AggregationProratedCount: "47/31",  // u 31 days, v 16
	} {
		spec := metering.Spec{Aggregation: aggregation, Period: may}
		if aggregation == metering.AggregationCountDistinct || aggregation == metering.AggregationActiveCount || aggregation == metering.AggregationProratedCount {
			spec.UniqueKey = "user"
		}
		require.Equal(t, want, aggregated(t, spec, events...).Exact.Fraction(), aggregation)
		require.Equal(t, "0", aggregated(t, spec).Exact.Fraction(), "no events make 0: %s", aggregation)
	}
}

func TestAQuotientIsQuotedWithTwentyDecimalsAndItsFractionIsExact(t *testing.T) {
	t.Parallel()
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationAverage}, event("a", "01T00:00:00", "1"), event("b", "02T00:00:00", "1"), event("c", "03T00:00:00", "0"))
	require.Equal(t, "0.66666666666666666667", out.Value.String())
	require.Equal(t, "2/3", out.Exact.Fraction())
}

func TestAnEventAtTheEndOfAPeriodBelongsToTheNext(t *testing.T) {
	t.Parallel()
	events := []metering.Event{event("start", "01T00:00:00", "1"), {ID: "end", Time: may.End, Value: metering.ParseValue("10")},
		{ID: "before", Time: may.Start.Add(-1), Value: metering.ParseValue("100")}}
	require.Equal(t, "1", aggregated(t, metering.Spec{Aggregation: metering.AggregationSum, Period: may}, events...).Value.String())
	require.Equal(t, "101", aggregated(t, metering.Spec{Aggregation: metering.AggregationSum, Period: may, Recurring: yes}, events...).Value.String())
}

func TestTheLatestOfOneInstantIsTheOneRecordedLastAndThenTheGreaterName(t *testing.T) {
	t.Parallel()
	early, late, twin := event("z", "05T00:00:00", "1"), event("a", "05T00:00:00", "2"), event("b", "05T00:00:00", "3")
	late.RecordedAt, twin.RecordedAt = early.Time.Add(time.Hour), early.Time.Add(time.Hour)
	spec := metering.Spec{Aggregation: metering.AggregationLatest, Period: may}
	require.Equal(t, "2", aggregated(t, spec, late, early).Value.String())
	require.Equal(t, "3", aggregated(t, spec, twin, late, early).Value.String())
	twin.Source, late.Source = "a", "b"
	require.Equal(t, "2", aggregated(t, spec, twin, late, early).Value.String(), "the source comes before the id")
}

func TestWhatIsCarriedInStandsForEverythingBefore(t *testing.T) {
	t.Parallel()
	up, down := event("a", "16T12:00:00", "2"), event("b", "16T12:00:00", "-2")
	for _, c := range []struct {
		aggregation metering.Aggregation
		event       metering.Event
		value, out  string
	}{
		{metering.AggregationSum, up, "10", "10"}, {metering.AggregationCount, up, "9", "9"},
		{metering.AggregationMax, up, "8", "8"}, {metering.AggregationMax, event("c", "03T00:00:00", "9"), "9", "9"},
		{metering.AggregationLatest, up, "2", "2"}, {metering.AggregationWeightedSum, down, "7", "6"},
		{metering.AggregationProratedSum, event("d", "31T23:00:00", "31"), "9", "39"},
	} {
		out := aggregated(t, metering.Spec{Aggregation: c.aggregation, Period: may, CarryIn: &eight}, c.event)
		require.Equal(t, c.value, out.Value.String(), c.aggregation)
		require.Equal(t, c.out, out.CarryOut.Decimal().String(), c.aggregation)
	}
	none := aggregated(t, metering.Spec{Aggregation: metering.AggregationLatest, Period: may, CarryIn: &eight})
	require.Equal(t, "8", none.Value.String(), "nothing newer")
	require.Nil(t, aggregated(t, metering.Spec{Aggregation: metering.AggregationMax, Period: may}).CarryOut, "there is no highest of none")
	negative := aggregated(t, metering.Spec{Aggregation: metering.AggregationMax, Period: may}, down)
	require.Equal(t, "-2", negative.Value.String())
	require.Equal(t, "0", negative.Billable.String())
}

func TestAKeyCountsForEveryDayOnWhichItWasThereAndOnceADay(t *testing.T) {
	t.Parallel()
	spec := metering.Spec{Aggregation: metering.AggregationProratedCount, Period: may, UniqueKey: "user"}
	add, remove := metering.OperationAdd, metering.OperationRemove
	for name, c := range map[string]struct {
		events []metering.Event
		days   string
	}{
		"there before":                 {[]metering.Event{toggled("1", "2023-04-01T00:00:00Z", "u", add)}, "31"},
		"there and gone before":        {[]metering.Event{toggled("1", "2023-04-01T00:00:00Z", "u", add), toggled("2", "2023-04-30T23:59:59Z", "u", remove)}, "0"},
		"gone on the fourth":           {[]metering.Event{toggled("1", "2023-04-01T00:00:00Z", "u", add), toggled("2", "2023-05-04T00:00:00Z", "u", remove)}, "4"},
		"back on the day it went":      {[]metering.Event{toggled("1", "2023-05-02T01:00:00Z", "u", add), toggled("2", "2023-05-03T01:00:00Z", "u", remove), toggled("3", "2023-05-03T02:00:00Z", "u", add), toggled("4", "2023-05-03T03:00:00Z", "u", remove)}, "2"},
		"added twice":                  {[]metering.Event{toggled("1", "2023-05-31T01:00:00Z", "u", add), toggled("2", "2023-05-31T02:00:00Z", "u", add)}, "1"},
		"removed, and never added":     {[]metering.Event{toggled("1", "2023-05-20T01:00:00Z", "u", remove)}, "0"},
		"added after it was removed":   {[]metering.Event{toggled("1", "2023-05-30T01:00:00Z", "u", remove), toggled("2", "2023-05-31T01:00:00Z", "u", add)}, "1"},
		"removed twice, added between": {[]metering.Event{toggled("1", "2023-05-10T01:00:00Z", "u", add), toggled("2", "2023-05-11T01:00:00Z", "u", remove), toggled("3", "2023-05-20T01:00:00Z", "u", remove)}, "2"},
	} {
		got := aggregated(t, spec, c.events...).Exact
		require.True(t, got.Mul(metering.NumberOf(dec("31"))).Equal(metering.NumberOf(dec(c.days))), "%s: %s", name, got.Fraction())
	}
	cut := spec
	cut.Period.End, cut.FullPeriodDays = at("2023-05-11T00:00:00Z"), 31
	require.Equal(t, "10/31", aggregated(t, cut, toggled("1", "2023-04-01T00:00:00Z", "u", add)).Exact.Fraction(), "cut short")
	cut.Recurring = no
	require.Equal(t, "0", aggregated(t, cut, toggled("1", "2023-04-01T00:00:00Z", "u", add)).Exact.Fraction())
}

func TestDaysAreTheZonesDays(t *testing.T) {
	t.Parallel()
	berlin := calendar.Interval{Start: at("2023-03-31T22:00:00Z"), End: at("2023-04-30T22:00:00Z")} // April
	spec := metering.Spec{Aggregation: metering.AggregationProratedSum, Period: berlin, Zone: "Europe/Berlin"}
	last := metering.Event{ID: "a", Time: at("2023-04-29T22:00:00Z"), Value: metering.ParseValue("30")} // midnight of the thirtieth
	require.Equal(t, "1", aggregated(t, spec, last).Value.String())
	last.Time = last.Time.Add(-1)
	require.Equal(t, "2", aggregated(t, spec, last).Value.String())
}

func TestActiveCountFollowsTheLastOperationOnEachKey(t *testing.T) {
	t.Parallel()
	spec := metering.Spec{Aggregation: metering.AggregationActiveCount, Period: may, UniqueKey: "user", Window: metering.WindowDay}
	out := aggregated(t, spec, toggled("1", "2023-04-01T00:00:00Z", "u", ""), toggled("2", "2023-05-03T00:00:00Z", "v", "add"),
		toggled("3", "2023-05-10T00:00:00Z", "u", "remove"), toggled("4", "2023-05-10T00:00:00Z", "x", "remove"))
	require.Equal(t, "1", out.Value.String())
	for day, want := range map[int]string{1: "1", 3: "2", 9: "2", 10: "1", 31: "1"} {
		require.Equal(t, want, out.Windows[day-1].Value.String(), day)
	}
}

func TestALineItemIsMeasuredAsAPeriodAndClippedToItsOwn(t *testing.T) {
	t.Parallel()
	halves := []metering.LineItem{{ID: "a", Within: calendar.Interval{Start: may.Start.Add(-24 * time.Hour), End: at("2023-05-16T12:00:00Z")}},
		{ID: "b", Within: calendar.Interval{Start: at("2023-05-16T12:00:00Z"), End: may.End}}}
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationWeightedSum, Period: may, LineItems: halves},
		event("1", "01T00:00:00", "10"), event("2", "16T12:00:00", "10"))
	require.Equal(t, may.Start, out.LineItems[0].Start)
	require.Equal(t, "10", out.LineItems[0].Value.String())
	require.Equal(t, "20", out.LineItems[1].Value.String(), "the level that the first item left is there in the second")
	require.Equal(t, "15", out.Value.String())
	sums := aggregated(t, metering.Spec{Aggregation: metering.AggregationSum, Period: may, LineItems: halves}, event("1", "01T00:00:00", "10"), event("2", "16T12:00:00", "10"))
	require.Equal(t, "10", sums.LineItems[1].Value.String())
}

func TestContributionsAddUpToTheResult(t *testing.T) {
	t.Parallel()
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationWeightedSum, Period: may, Explain: true, Recurring: yes},
		metering.Event{ID: "0", Time: may.Start.Add(-time.Hour), Value: metering.ParseValue("2")}, event("1", "11T00:00:00", "31"))
	require.Equal(t, "1", out.Contributions[0].Weight.Fraction())
	require.Equal(t, "21/31", out.Contributions[1].Weight.Fraction())
	require.Equal(t, "23", out.Contributions[0].Amount.Add(out.Contributions[1].Amount).Decimal().String())
	keys := aggregated(t, metering.Spec{Aggregation: metering.AggregationProratedCount, Period: may, Explain: true, UniqueKey: "user"},
		toggled("1", "2023-05-31T00:00:00Z", "u", ""), toggled("2", "2023-05-30T00:00:00Z", "b", ""))
	require.Equal(t, []string{"b", "u"}, []string{keys.Contributions[0].Key, keys.Contributions[1].Key})
	require.Equal(t, int64(2), keys.Contributions[0].Days)
	require.Equal(t, "1/31", keys.Contributions[1].Amount.Fraction())
}

func ExampleAggregate() {
	march := calendar.Interval{Start: time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC)}
	out, _ := metering.Aggregate(metering.Spec{Aggregation: metering.AggregationWeightedSum, Period: march,
		Rounding: &metering.Rounding{Function: metering.RoundingRound, Precision: 5}},
		[]metering.Event{{ID: "disk", Time: time.Date(2023, 3, 5, 0, 0, 0, 0, time.UTC), Value: metering.ParseValue("2500")}})
	fmt.Println(out.Value, out.Exact.Fraction(), out.CarryOut.Decimal())
	// Output:
	// 2177.41935 67500/31 2500
}
