package metering

import "github.com/durabill/durabill/billing/calendar"

// active is the state of active_count: the last operation on each key. How many keys are there follows from that alone,
// so the operations may come in any order.
type active struct {
	last  map[string]toggle
	there int64
}

// toggle is an addition or a removal of a key.
type toggle struct {
	rank   rank
	remove bool
}

func newActive() *active { return &active{last: map[string]toggle{}} }

func (a *active) Add(s Sample) {
	a.put(s.Key, toggle{rank: rankOf(s.Event), remove: s.Event.Operation == OperationRemove})
}

func (a *active) put(key string, t toggle) {
	known, seen := a.last[key]
	if seen && t.rank.compare(known.rank) < 0 {
		return
	}
	was, is := seen && !known.remove, !t.remove
	switch {
	case is && !was:
		a.there++
	case was && !is:
		a.there--
	}
	a.last[key] = t
}

func (a *active) Merge(other State) {
	for key, t := range other.(*active).last {
		a.put(key, t)
	}
}

func (a *active) Value() Number  { return whole(a.there) }
func (a *active) carry() *Number { return nil }

// next goes on with the same keys: what is there at the end of a window is there at the beginning of the next.
func (a *active) next(calendar.Interval) folding { return a }
