// Package metering turns usage events into the one quantity of a meter that is priced.
//
// It owns the aggregations, and which of the events it is handed count: duplicates, corrections, late arrivals, invalid
// values, filters, the bounds of a period. Which meter and account an event belongs to was decided by whoever calls it,
// what a quantity costs is decided by package pricing, and nothing is rounded to money here.
//
// # What counts
//
// Events with the same source and id are one event: the first recorded stands, a repeat with the same body is a
// duplicate and one with another body a conflict; both are reported and neither counts (traps.md B7). A correction is an
// event that names another of its source: a void leaves the result as if the other had never been sent, an amendment
// stands in the other's place. An event stands unless a correction that stands names it, so a void of a void restores.
// Periods are half-open: an event at the end belongs to the next. An event whose number is missing or is no plain decimal
// is rejected with a reason and never counted. What was recorded after its period was invoiced is late: within the
// look-back it changes that period by a line of its own, and before it is ignored (B6).
//
// # The aggregations
//
// sum, count, max and average speak for themselves; count_distinct counts the values of a property. latest takes the
// number of the last event by event time, then by the time it was recorded, then by source and id. active_count follows
// additions and removals of a key and counts the keys that are there at the end. weighted_sum reads numbers as changes of
// a level and weighs the level with the time it held. prorated_sum weighs each number with the calendar days that were
// left, its own included, and prorated_count_distinct weighs each key with the days on which it was there; the day of
// an addition and the day of a removal both count (policies.md, proration_unit day). A recurring aggregation goes on from what came before
// the period; without it every period starts at nothing. active_count and prorated_count_distinct recur unless told not to.
//
// # Invariants
//
// Every result is exact: a quotient is kept as a fraction and quoted with Scale decimals, half away from zero; rounding,
// if asked for, works on the fraction. A result does not depend on the order of the events, save that among events which
// were recorded at one time the first in the list stands. A State folds events one by one in any order and any split, so
// that a counter can be kept; Merge puts two together. No events make 0.
//
// # Refusals
//
// It refuses specifications that mean nothing (pointing into the Spec, all wrong fields at once), filters that do not
// type-check, and results of more than 20 digits. A sum may fall below zero, what is billed never does (Measure.Billable).
// A meter that is stored may only use what the rating path computes, and that is the sum: see Aggregation.Validate.
package metering

import (
	"slices"

	"github.com/durabill/durabill/fault"
)

// Aggregation names how a meter folds the quantities of its events into one.
type Aggregation string

// The aggregations there are.
const (
	AggregationSum           Aggregation = "sum"
	AggregationCount         Aggregation = "count"
	AggregationCountDistinct Aggregation = "count_distinct"
	AggregationActiveCount   Aggregation = "active_count"
	AggregationMax           Aggregation = "max"
	AggregationLatest        Aggregation = "latest"
	AggregationAverage       Aggregation = "average"
	AggregationWeightedSum   Aggregation = "weighted_sum"
	AggregationProratedSum   Aggregation = "prorated_sum"
	AggregationProratedCount Aggregation = "prorated_count_distinct"
)

// Aggregations lists them all.
func Aggregations() []Aggregation {
	return []Aggregation{AggregationSum, AggregationCount, AggregationCountDistinct, AggregationActiveCount, AggregationMax,
		AggregationLatest, AggregationAverage, AggregationWeightedSum, AggregationProratedSum, AggregationProratedCount}
}

// Validate refuses an aggregation that a stored meter may not have. Usage is rated event by event, each at the difference
// it makes, and only a sum is the sum of such differences without looking at the other events: a meter with any other
// aggregation would be rated wrongly. The pointer is relative to the meter.
func (a Aggregation) Validate() error {
	if a != AggregationSum {
		return fault.At("/aggregation", "aggregation_unknown", "The aggregation must be one of: sum.")
	}
	return nil
}

func (a Aggregation) known() bool { return slices.Contains(Aggregations(), a) }

// keyed says whether the aggregation is about the values of a property, and not about numbers.
func (a Aggregation) keyed() bool {
	return a == AggregationCountDistinct || a == AggregationActiveCount || a == AggregationProratedCount
}

// numeric says whether an event without a number is useless to the aggregation.
func (a Aggregation) numeric() bool { return a != AggregationCount && !a.keyed() }

// level says whether the aggregation follows something that lasts, so that a part of a period begins with what the part
// before it left.
func (a Aggregation) level() bool {
	return a == AggregationActiveCount || a == AggregationWeightedSum || a.prorated()
}

// prorated says whether calendar days are its weights.
func (a Aggregation) prorated() bool {
	return a == AggregationProratedSum || a == AggregationProratedCount
}

// carries says whether one number is all that the aggregation hands on to the next period.
func (a Aggregation) carries() bool { return a != AggregationAverage && !a.keyed() }
