package metering_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/fault"
)

func TestWhatIsRecordedAfterTheInvoiceChangesItsPeriodWithinTheLookback(t *testing.T) {
	t.Parallel()
	recorded := func(e metering.Event, when string) metering.Event {
		e.RecordedAt = at(when)
		return e
	}
	after := "2023-07-01T00:00:00Z"
	events := []metering.Event{
		event("known", "10T00:00:00", "10"), recorded(event("just known", "10T00:00:00", "5"), "2023-06-30T23:59:59Z"),
		recorded(event("late", "01T00:00:00", "-20"), after),
		recorded(metering.Event{ID: "too late", Time: may.Start.Add(-1), Value: metering.ParseValue("100")}, after),
		{ID: "old", Time: may.Start.Add(-1), Value: metering.ParseValue("7")},
		recorded(metering.Event{ID: "void", Time: at(after), Voids: "old"}, after),
	}
	spec := metering.Spec{Aggregation: metering.AggregationSum,
		Late: &metering.LateRule{InvoicedUntil: at(after), LookbackPeriods: 2, Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}}}
	out := aggregated(t, spec, events...)
	require.Len(t, out.Late.Lines, 1)
	require.Equal(t, may, out.Late.Lines[0].Interval)
	require.Equal(t, "15", out.Late.Lines[0].Invoiced.Value.String())
	require.Equal(t, "-5", out.Late.Lines[0].Value.String())
	require.Equal(t, "0", out.Late.Lines[0].Billable.String())
	require.Equal(t, "-20", out.Late.Change.Decimal().String())
	require.Equal(t, []string{"too late", "void"}, []string{out.Late.Ignored[0].ID, out.Late.Ignored[1].ID})
	require.Equal(t, "2", out.Value.String(), "7 of before, which cannot be voided any more, and −5 of May")
	spec.Late.InvoicedUntil, spec.Late.Anchor = at("2023-07-02T00:00:00Z"), at(after)
	_, err := metering.Aggregate(spec, events)
	require.Equal(t, "not_a_boundary", fault.Of(err).Fields[0].Code)
}

func TestOfOneNameTheFirstRecordedStandsAndOthersAreReported(t *testing.T) {
	t.Parallel()
	first, again, other := event("x", "05T00:00:00", "10"), event("x", "05T00:00:00", "10.0"), event("x", "05T00:00:00", "25")
	again.RecordedAt, other.RecordedAt = first.Time.Add(time.Hour), first.Time.Add(2*time.Hour)
	elsewhere := event("x", "05T00:00:00", "1")
	elsewhere.Source = "another"
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationSum, Period: may}, other, again, first, elsewhere)
	require.Equal(t, "11", out.Value.String())
	require.Equal(t, []metering.Ref{{ID: "x"}}, out.Duplicates)
	require.Equal(t, []metering.Conflict{{ID: "x"}}, out.Conflicts)
}

func TestOfSeveralAmendmentsTheLastRecordedStandsAndCyclesAreRejected(t *testing.T) {
	t.Parallel()
	one, two, three := event("1", "05T00:00:00", "1"), event("2", "05T00:00:00", "2"), event("3", "05T00:00:00", "3")
	two.Amends, three.Amends = "1", "1"
	two.RecordedAt = two.Time.Add(time.Hour)
	a, b, lost := event("a", "05T00:00:00", "100"), event("b", "05T00:00:00", "100"), event("lost", "05T00:00:00", "100")
	a.Amends, b.Amends, lost.Amends = "b", "a", "nowhere"
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationSum, Period: may}, one, two, three, a, b, lost)
	require.Equal(t, "2", out.Value.String())
	reasons := map[string]metering.Reason{}
	for _, r := range out.Rejected {
		reasons[r.ID] = r.Reason
	}
	require.Equal(t, map[string]metering.Reason{"a": metering.ReasonCorrectionCycle, "b": metering.ReasonCorrectionCycle, "lost": metering.ReasonTargetUnknown}, reasons)
}

func TestRoundingWorksOnTheFractionAndUpMeansUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value     string
		function  metering.RoundingFunction
		precision int
		want      string
	}{
		{"123.456", "round", -2, "100"}, {"150", "round", -2, "200"}, {"-150", "round", -2, "-200"}, {"-0.5", "round", 0, "-1"}, {"0.5", "round", 0, "1"},
		{"-1.5", "ceil", 0, "-1"}, {"-1.5", "floor", 0, "-2"}, {"1.000001", "ceil", 5, "1.00001"}, {"0.1", "ceil", -3, "1000"}, {"1", "floor", 20, "1"},
	} {
		require.Equal(t, c.want, metering.Rounding{Function: c.function, Precision: c.precision}.Of(metering.NumberOf(dec(c.value))).String(), "%+v", c)
	}
}
