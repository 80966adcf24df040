package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/metering"
)

type aggregates struct{ base }

type aggregateIn struct {
	Body struct {
		Aggregation    string              `json:"aggregation" enum:"sum,count,count_distinct,active_count,max,latest,average,weighted_sum,prorated_sum,prorated_count_distinct" doc:"count_distinct counts the values of unique_key, active_count those that were added and not removed, weighted_sum weighs a level with the time it held, prorated_* weigh with calendar days."`
		Property       string              `json:"property,omitempty" maxLength:"63" doc:"The property that holds the number; an event's value if absent."`
		UniqueKey      string              `json:"unique_key,omitempty" maxLength:"63" doc:"The property whose values are counted."`
		Period         aggregatePeriod     `json:"period,omitempty" doc:"All time if absent, which what is weighed by time refuses."`
		Timezone       string              `json:"timezone,omitempty" maxLength:"64" example:"Europe/Berlin" doc:"Of days and windows; UTC if absent."`
		Events         []aggregateEvent    `json:"events" maxItems:"5000"`
		Filter         aggregateFilter     `json:"filter,omitempty"`
		GroupBy        []string            `json:"group_by,omitempty" maxItems:"8" doc:"Properties. An event that lacks one is in the group that has null there."`
		Window         string              `json:"window,omitempty" enum:"minute,hour,day,week,month,quarter,year"`
		LineItems      []aggregateLineItem `json:"line_items,omitempty" maxItems:"100" doc:"Parts of the period, each measured as if it were one."`
		Recurring      *bool               `json:"recurring,omitempty" doc:"Go on from the events before the period. True if absent for active_count and prorated_count_distinct, else false."`
		CarryIn        *Quantity           `json:"carry_in,omitempty" doc:"What stands for everything before the period: the total, the level, the highest, the latest."`
		FullPeriodDays int                 `json:"full_period_days,omitempty" minimum:"0" maximum:"36600" doc:"What prorated days are a fraction of, where the period was cut short; its own days if absent or 0."`
		Rounding       *aggregateRounding  `json:"rounding,omitempty"`
		Late           *aggregateLateRule  `json:"late,omitempty"`
	}
}

type aggregatePeriod struct {
	Start *Instant `json:"start,omitempty" doc:"Belongs to the period."`
	End   *Instant `json:"end,omitempty" doc:"Does not belong to it."`
}

type aggregateEvent struct {
	ID         string            `json:"id" format:"name" minLength:"1" maxLength:"255" doc:"With source, its name: the first recorded event of a name counts, and no other."`
	Source     string            `json:"source,omitempty" maxLength:"255"`
	Time       Instant           `json:"time" doc:"When the usage happened."`
	RecordedAt *Instant          `json:"recorded_at,omitempty" doc:"When it became known; its time if absent."`
	Value      *string           `json:"value,omitempty" maxLength:"255" doc:"A plain decimal with at most 20 digits before and after the point. An event with any other text is rejected, and the others count."`
	Operation  string            `json:"operation,omitempty" enum:"add,remove" doc:"What it does with its unique key; add if absent."`
	Properties map[string]string `json:"properties,omitempty" maxProperties:"50" doc:"Text. A property without a value is left out."`
	Voids      string            `json:"voids,omitempty" maxLength:"255" doc:"The id of an event of the same source that shall be as if never sent."`
	Amends     string            `json:"amends,omitempty" maxLength:"255" doc:"The id of an event of the same source in whose place this one stands."`
}

type aggregateFilter struct {
	Properties map[string][]string `json:"properties,omitempty" maxProperties:"20" doc:"An event matches if each of these properties has one of the values."`
	Expression string              `json:"expression,omitempty" maxLength:"500" example:"properties.region == \"eu\" && value > decimal(\"0.5\")" doc:"CEL over properties, source, time and value, of type bool. An event that lacks a property it asks for does not match."`
}

type aggregateLineItem struct {
	ID    string  `json:"id" format:"name" minLength:"1" maxLength:"255"`
	Start Instant `json:"start"`
	End   Instant `json:"end"`
}

type aggregateRounding struct {
	Function  string `json:"function" enum:"round,ceil,floor" doc:"round is half away from zero."`
	Precision int    `json:"precision,omitempty" minimum:"-20" maximum:"20" doc:"Decimals; negative for tens, hundreds and so on; 0 if absent."`
}

type aggregateLateRule struct {
	InvoicedUntil   Instant  `json:"invoiced_until" doc:"A boundary of the anchor. What is recorded from then on about before is late."`
	LookbackPeriods int      `json:"lookback_periods" minimum:"0" maximum:"120" doc:"How many invoiced periods may still change; what is older is ignored."`
	Unit            string   `json:"unit" enum:"day,week,month,quarter,year" doc:"Of the periods."`
	Count           int      `json:"count,omitempty" minimum:"1" maximum:"1000" doc:"Units in a period; 1 if absent."`
	Anchor          *Instant `json:"anchor,omitempty" doc:"invoiced_until if absent."`
}

func (r aggregates) register(a huma.API) {
	post(a, op{ID: "computeAggregate", Path: "/mgt/v1/compute/aggregate", Summary: "The quantity of a meter, from its events", Tag: "Compute",
		Description: "Nothing is read or written. Results are exact: fraction is the quotient, value quotes it with up to 20 decimals or as " +
			"rounding says. Events with the same source and id are one; a correction names the event that it voids or amends. At most 5000 " +
			"events, 10000 windows in all groups, 100 line items; a filter's expression has no loops.",
		Scope: "catalog:read", Pure: true, Example: aggregateExample}, r.compute)
}

func (r aggregates) compute(_ context.Context, in *aggregateIn) (*One[aggregated], error) {
	out, err := metering.Aggregate(in.spec(), in.events())
	if err != nil {
		return nil, err
	}
	return &One[aggregated]{Body: showAggregate(out)}, nil
}

func (in *aggregateIn) spec() metering.Spec {
	b := in.Body
	spec := metering.Spec{Aggregation: metering.Aggregation(b.Aggregation), Property: b.Property, UniqueKey: b.UniqueKey,
		Period: calendar.Interval{Start: orNone(b.Period.Start), End: orNone(b.Period.End)}, Zone: b.Timezone,
		Filter:  metering.Filter{Properties: b.Filter.Properties, Expression: b.Filter.Expression},
		GroupBy: b.GroupBy, Window: metering.Window(b.Window), Recurring: b.Recurring, FullPeriodDays: b.FullPeriodDays, Explain: true}
	if b.CarryIn != nil {
		spec.CarryIn = &b.CarryIn.Decimal
	}
	for _, item := range b.LineItems {
		spec.LineItems = append(spec.LineItems, metering.LineItem{ID: item.ID, Within: calendar.Interval{Start: item.Start.Time, End: item.End.Time}})
	}
	if b.Rounding != nil {
		spec.Rounding = &metering.Rounding{Function: metering.RoundingFunction(b.Rounding.Function), Precision: b.Rounding.Precision}
	}
	if l := b.Late; l != nil {
		spec.Late = &metering.LateRule{InvoicedUntil: l.InvoicedUntil.Time, LookbackPeriods: l.LookbackPeriods, Anchor: orNone(l.Anchor),
			Cadence: calendar.Cadence{Unit: calendar.Unit(l.Unit), Count: max(l.Count, 1)}}
	}
	return spec
}

func (in *aggregateIn) events() []metering.Event {
	out := make([]metering.Event, len(in.Body.Events))
	for i, e := range in.Body.Events {
		out[i] = metering.Event{Source: e.Source, ID: e.ID, Time: e.Time.Time, RecordedAt: orNone(e.RecordedAt),
			Operation: metering.Operation(e.Operation), Properties: e.Properties, Voids: e.Voids, Amends: e.Amends}
		if e.Value != nil {
			out[i].Value = metering.ParseValue(*e.Value)
		}
	}
	return out
}

// orNone is the zero time for a bound that is not given.
func orNone(at *Instant) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.Time
}

var aggregateExample = map[string]any{
	"aggregation": "weighted_sum",
	"period":      map[string]any{"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"},
	"events":      []any{map[string]any{"id": "disk-1", "source": "disks", "time": "2026-03-05T00:00:00Z", "value": "2500"}},
	"rounding":    map[string]any{"function": "round", "precision": 5},
}
