package metering

import (
	"cmp"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// last is the state of latest. What was carried in stands until the first event.
type last struct {
	rank   rank
	number decimal.Decimal
	seen   bool // an event
	set    bool // an event, or a number carried in
}

func newLast(carried *decimal.Decimal) *last {
	l := new(last)
	if carried != nil {
		l.number, l.set = *carried, true
	}
	return l
}

func (l *last) Add(s Sample) { l.see(rankOf(s.Event), s.Number) }

func (l *last) see(r rank, v decimal.Decimal) {
	if !l.seen || r.compare(l.rank) > 0 {
		l.rank, l.number, l.seen, l.set = r, v, true, true
	}
}

func (l *last) Merge(other State) {
	switch o := other.(*last); {
	case o.seen:
		l.see(o.rank, o.number)
	case o.set && !l.set:
		l.number, l.set = o.number, true
	}
}

func (l *last) Value() Number                  { return NumberOf(l.number) }
func (l *last) carry() *Number                 { return carriedIf(l.set, l.Value()) }
func (l *last) next(calendar.Interval) folding { return new(last) }

// rank is the place of an event in time: its own time, then when it was recorded, then source and id, so that no two
// events that stand share one.
type rank struct {
	at, recorded time.Time
	source, id   string
}

func rankOf(e *Event) rank {
	return rank{at: e.Time, recorded: e.recorded(), source: e.Source, id: e.ID}
}

func (r rank) compare(o rank) int {
	return cmp.Or(r.at.Compare(o.at), r.recorded.Compare(o.recorded), cmp.Compare(r.source, o.source), cmp.Compare(r.id, o.id))
}
