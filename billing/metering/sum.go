// Package metering turns the quantities that usage events carry into the one quantity of a meter that is priced.
//
// It owns the aggregations and nothing else: which events belong to a meter, an account and a period was decided by
// whoever calls it, and what a quantity costs is decided by package pricing.
//
// Invariants: an aggregation is a pure function of its values, does not depend on their order, and is exact. The sum
// of parts added up equals the sum of the whole, which is what lets a counter be kept instead of re-reading every
// event of a period.
//
// It refuses aggregations it cannot compute (Validate): a meter with an unknown one must never be stored, because it
// would be rated at nothing.
package metering

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Aggregation names how a meter folds the quantities of its events into one.
type Aggregation string

// AggregationSum adds the quantities up.
const AggregationSum Aggregation = "sum"

// Validate refuses an aggregation that has no implementation. The pointer is relative to the meter.
func (a Aggregation) Validate() error {
	if a != AggregationSum {
		return fault.At("/aggregation", "aggregation_unknown", "The aggregation must be one of: sum.")
	}
	return nil
}

// Sum adds quantities up; the sum of none is zero. A negative quantity is a correction and counts as such.
func Sum(quantities []decimal.Decimal) decimal.Decimal {
	total := decimal.Zero
	for _, q := range quantities {
		total = total.Add(q)
	}
	return total
}
