package metering

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// State is what an aggregation remembers of the events folded so far: a counter that can be kept. The order in which
// samples are added and states merged makes no difference to the value.
type State interface {
	// Add folds one sample. It is the caller's to add each event once, and only what counts.
	Add(Sample)
	// Merge folds what another state of the same Spec remembers. It panics on a state of another aggregation.
	Merge(State)
	Value() Number
}

// Sample is an event that counts, with the number or the key that the aggregation reads from it.
type Sample struct {
	Event  *Event
	Number decimal.Decimal
	Key    string
}

// State starts an aggregation over the period of the Spec, with what was carried in: of states that will be merged only one
// may have been started with it. What a state is fed has been filtered.
func (s Spec) State() (State, error) {
	p, err := s.plan()
	if err != nil {
		return nil, err
	}
	return p.begin(s.Period), nil
}

// folding is a State as this package uses it.
type folding interface {
	State
	// carry is what the next period goes on from; nil where that is no number, or there is none yet.
	carry() *Number
	// next starts the window after this one.
	next(calendar.Interval) folding
}

func (p *plan) begin(within calendar.Interval) folding {
	return start(p.Aggregation, within, p.zone, p.FullPeriodDays, p.CarryIn)
}

func start(a Aggregation, within calendar.Interval, zone *time.Location, full int, carried *decimal.Decimal) folding {
	sum := decimal.Zero
	if carried != nil {
		sum = *carried
	}
	switch a {
	case AggregationSum:
		return newTotal(sum)
	case AggregationCount:
		return newTally(sum)
	case AggregationCountDistinct:
		return newDistinct()
	case AggregationActiveCount:
		return newActive()
	case AggregationMax:
		return newPeak(carried)
	case AggregationLatest:
		return newLast(carried)
	case AggregationAverage:
		return new(mean)
	case AggregationWeightedSum:
		return newLevel(within, sum)
	case AggregationProratedSum:
		return newProratedTotal(daysOf(within, zone, full), sum)
	case AggregationProratedCount:
		return newPresence(daysOf(within, zone, full))
	}
	panic("metering: an aggregation that plan let through has no state: " + string(a))
}

func carried(n Number) *Number { return &n }

func carriedIf(there bool, n Number) *Number {
	if !there {
		return nil
	}
	return &n
}
