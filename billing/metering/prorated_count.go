package metering

import (
	"maps"
	"slices"

	"github.com/durabill/durabill/billing/calendar"
)

// presence is the state of prorated_count_distinct: the additions and removals of every key. A key counts for each
// calendar day of the period on which it was there at any time, and once however often it came and went that day.
type presence struct {
	days    days
	toggles map[string]*[]toggle
}

func newPresence(d days) *presence { return &presence{days: d, toggles: map[string]*[]toggle{}} }

func (p *presence) of(key string) *[]toggle {
	known := p.toggles[key]
	if known == nil {
		known = new([]toggle)
		p.toggles[key] = known
	}
	return known
}

func (p *presence) Add(s Sample) {
	known := p.of(s.Key)
	*known = append(*known, toggle{rank: rankOf(s.Event), remove: s.Event.Operation == OperationRemove})
}

func (p *presence) Merge(other State) {
	for key, toggles := range other.(*presence).toggles {
		known := p.of(key)
		*known = append(*known, *toggles...)
	}
}

func (p *presence) Value() Number {
	sum := int64(0)
	for key := range p.toggles {
		sum += p.daysOf(key)
	}
	return ratio(sum, p.days.full)
}

func (p *presence) carry() *Number { return nil }

// next is never asked: windows of a prorated aggregation are refused.
func (p *presence) next(calendar.Interval) folding { return newPresence(p.days) }

// daysOf counts the days of the period on which the key was there. An addition of a key that is there and a removal of
// one that is not change nothing.
func (p *presence) daysOf(key string) int64 {
	toggles := *p.toggles[key]
	byRank := func(a, b toggle) int { return a.rank.compare(b.rank) }
	if !slices.IsSortedFunc(toggles, byRank) {
		slices.SortFunc(toggles, byRank)
	}
	counted, there, since := int64(0), false, 0
	done := p.days.first - 1 // the last day that was counted
	count := func(from, to int) {
		from, to = max(from, done+1), min(to, p.days.last)
		if from <= to {
			counted, done = counted+int64(to-from+1), to
		}
	}
	for _, t := range toggles {
		day := calendar.DayNumber(t.rank.at, p.days.zone)
		switch {
		case !t.remove && !there:
			there, since = true, day
		case t.remove && there:
			there = false
			count(since, day)
		}
	}
	if there {
		count(since, p.days.last)
	}
	return counted
}

func (p *presence) keys() []string { return slices.Sorted(maps.Keys(p.toggles)) }
