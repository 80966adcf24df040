package metering_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/metering"
)

func specOf(a metering.Aggregation) metering.Spec {
	spec := metering.Spec{Aggregation: a, Period: may}
	if a == metering.AggregationCountDistinct || a == metering.AggregationActiveCount || a == metering.AggregationProratedCount {
		spec.UniqueKey = "user"
	}
	return spec
}

// someEvents are of April to June, with names of their own, some at one instant.
func someEvents(t *rapid.T) []metering.Event {
	out := make([]metering.Event, rapid.IntRange(0, 30).Draw(t, "events"))
	for i := range out {
		out[i] = metering.Event{ID: strconv.Itoa(i), Time: may.Start.Add(time.Duration(rapid.IntRange(-30, 60).Draw(t, "half day")) * 12 * time.Hour),
			Value:      metering.ValueOf(decimal.New(rapid.Int64Range(-1e12, 1e12).Draw(t, "digits"), -rapid.Int32Range(0, 12).Draw(t, "scale"))),
			Operation:  rapid.SampledFrom([]metering.Operation{metering.OperationAdd, metering.OperationRemove}).Draw(t, "operation"),
			Properties: map[string]string{"user": rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "user")}}
	}
	return out
}

func must(t require.TestingT, spec metering.Spec, events []metering.Event) metering.Result {
	out, err := metering.Aggregate(spec, events)
	require.NoError(t, err)
	return out
}

func anySpec(t *rapid.T) metering.Spec {
	spec := specOf(rapid.SampledFrom(metering.Aggregations()).Draw(t, "aggregation"))
	recurring := rapid.Bool().Draw(t, "recurring")
	spec.Recurring = &recurring
	return spec
}

func TestNeitherOrderNorRepeatsNorAFilterOfAllChangeAResult(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec, events := anySpec(t), someEvents(t)
		want := must(t, spec, events).Exact
		require.True(t, want.Equal(must(t, spec, rapid.Permutation(events).Draw(t, "order")).Exact), "order")
		require.True(t, want.Equal(must(t, spec, append(slices.Clone(events), events...)).Exact), "repeats")
		all := spec
		all.Filter.Expression = "true"
		require.True(t, want.Equal(must(t, all, events).Exact), "filter")
	})
}

func TestAVoidedEventIsAsIfNeverSentAndAnAmendmentStandsInItsPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec, events := anySpec(t), someEvents(t)
		if len(events) == 0 {
			return
		}
		i := rapid.IntRange(0, len(events)-1).Draw(t, "wrong")
		want := must(t, spec, slices.Delete(slices.Clone(events), i, i+1)).Exact
		void := metering.Event{ID: "void", Time: events[i].Time, Voids: events[i].ID}
		require.True(t, want.Equal(must(t, spec, append(slices.Clone(events), void)).Exact), "void")
		restored := metering.Event{ID: "restored", Time: events[i].Time, Voids: "void"}
		require.True(t, must(t, spec, events).Exact.Equal(must(t, spec, append(slices.Clone(events), restored, void)).Exact), "void of a void")
		right := events[i]
		right.ID, right.Value = "right", metering.ValueOf(decimal.New(7, 0))
		instead := slices.Clone(events)
		instead[i] = right
		want = must(t, spec, instead).Exact
		right.Amends = events[i].ID
		require.True(t, want.Equal(must(t, spec, append(slices.Clone(events), right)).Exact), "amendment")
	})
}

func TestWindowsAddUpAndGroupsPartTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]metering.Aggregation{metering.AggregationSum, metering.AggregationCount}).Draw(t, "aggregation")
		spec := specOf(a)
		spec.Zone = rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"}).Draw(t, "zone")
		spec.Window = rapid.SampledFrom([]metering.Window{metering.WindowHour, metering.WindowDay, metering.WindowWeek, metering.WindowMonth, metering.WindowYear}).Draw(t, "window")
		spec.GroupBy = []string{"user", "missing"}
		out := must(t, spec, someEvents(t))
		windows, groups, at := metering.Number{}, metering.Number{}, may.Start
		for _, w := range out.Windows {
			require.Equal(t, at, w.Start.UTC())
			windows, at = windows.Add(w.Exact), w.End.UTC()
		}
		require.Equal(t, may.End, at)
		for _, g := range out.Groups {
			groups = groups.Add(g.Exact)
		}
		require.True(t, windows.Equal(out.Exact))
		require.True(t, groups.Equal(out.Exact))
	})
}

func TestAWeightedSumTelescopesOverASplitAndAConstantLevelIsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events, carry := someEvents(t), decimal.New(rapid.Int64Range(-1000, 1000).Draw(t, "level"), -2)
		spec := specOf(metering.AggregationWeightedSum)
		spec.CarryIn = &carry
		whole, cut := must(t, spec, events), may.Start.Add(time.Duration(rapid.IntRange(1, 743).Draw(t, "hour"))*time.Hour)
		first, second := spec, spec
		first.Period.End, second.Period.Start = cut, cut
		a := must(t, first, events)
		left := a.CarryOut.Decimal()
		second.CarryIn = &left
		b := must(t, second, events)
		area := func(m metering.Result, i calendar.Interval) metering.Number {
			return m.Exact.Mul(metering.NumberOf(decimal.NewFromInt(int64(i.Duration()))))
		}
		require.True(t, area(whole, may).Equal(area(a, first.Period).Add(area(b, second.Period))))
		require.True(t, whole.CarryOut.Equal(*b.CarryOut))
		require.True(t, metering.NumberOf(carry).Equal(must(t, spec, nil).Exact))
	})
}

func TestStatesFoldInAnyOrderAndAnySplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec, events := specOf(rapid.SampledFrom(metering.Aggregations()).Draw(t, "aggregation")), someEvents(t)
		fold := func(events []metering.Event) metering.State {
			state, err := spec.State()
			require.NoError(t, err)
			for i := range events {
				number, _ := events[i].Value.Number()
				state.Add(metering.Sample{Event: &events[i], Number: number, Key: events[i].Properties["user"]})
			}
			return state
		}
		in := slices.DeleteFunc(events, func(e metering.Event) bool { return !may.Contains(e.Time) })
		shuffled := rapid.Permutation(in).Draw(t, "order")
		cut := rapid.IntRange(0, len(in)).Draw(t, "cut")
		merged := fold(shuffled[:cut])
		merged.Merge(fold(shuffled[cut:]))
		want := must(t, spec, in).Exact
		require.True(t, want.Equal(merged.Value()), "%s: %s and %s", spec.Aggregation, want.Fraction(), merged.Value().Fraction())
	})
}

func FuzzAFilterNeverPanics(f *testing.F) {
	for _, text := range []string{`properties.region == "eu"`, `value > decimal("0.5") && has(properties.x)`, `decimal("x") < 1`, `[1].all(x, true)`, "", "((("} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := metering.Aggregate(metering.Spec{Aggregation: metering.AggregationCount, Filter: metering.Filter{Expression: text}},
			[]metering.Event{event("a", "01T00:00:00", "1")})
		if len(text) > metering.MaxExpression {
			require.Error(t, err)
		}
	})
}

func FuzzAValueIsANumberThatReadsTheSameOrNone(f *testing.F) {
	for _, text := range []string{"1", "-0.5", "NaN", "Inf", "1e9", "", "007", "99999999999999999999.99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if number, why := metering.ParseValue(text).Number(); why == "" {
			again, err := decimal.NewFromString(text)
			require.NoError(t, err)
			require.True(t, number.Equal(again))
		}
	})
}

func TestAFilterIsTypedBoundedAndReadsDecimals(t *testing.T) {
	t.Parallel()
	eu, us := event("a", "01T00:00:00", "0.5"), event("b", "01T00:00:00", "2")
	eu.Properties, us.Properties = map[string]string{"region": "eu", "size": "10"}, map[string]string{"region": "us"}
	for expression, want := range map[string]string{`properties.region == "eu"`: "1", `value > decimal("0.5")`: "1", `value >= 2`: "1", `value == decimal("0.50")`: "1",
		`properties.size != "11"`: "1", `!has(properties.size)`: "1", `decimal(properties.size) > 9`: "1", `time < timestamp("2023-05-02T00:00:00Z")`: "2"} {
		spec := metering.Spec{Aggregation: metering.AggregationCount, Filter: metering.Filter{Expression: expression}}
		out := aggregated(t, spec, eu, us)
		require.Equal(t, want, out.Value.String(), expression)
		require.Empty(t, out.Rejected, expression)
	}
	failed := aggregated(t, metering.Spec{Aggregation: metering.AggregationCount, Filter: metering.Filter{Expression: `decimal(properties.region) > 1`}}, eu)
	require.Equal(t, metering.ReasonFilterFailed, failed.Rejected[0].Reason)
	for _, wrong := range []string{`properties.region == 1`, `1 + 1`, `nobody == 1`, `[1, 2].all(x, x > 0)`, `value > 0.5`} {
		_, err := metering.Aggregate(metering.Spec{Aggregation: metering.AggregationCount, Filter: metering.Filter{Expression: wrong}}, nil)
		require.Error(t, err, wrong)
	}
}

func BenchmarkAggregate(b *testing.B) {
	for _, n := range []int{1, 1_000, 1_000_000} {
		events := make([]metering.Event, n)
		users := make([]map[string]string, 1000)
		for i := range users {
			users[i] = map[string]string{"user": strconv.Itoa(i)}
		}
		for i := range events {
			events[i] = metering.Event{ID: strconv.Itoa(i), Time: may.Start.Add(time.Duration(i) * time.Second), Value: metering.ValueOf(decimal.New(int64(i), -2)), Properties: users[i%1000]}
		}
		for _, a := range metering.Aggregations() {
			b.Run(string(a)+"/"+strconv.Itoa(n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					must(b, specOf(a), events)
				}
			})
		}
	}
}
