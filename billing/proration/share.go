package proration

import (
	"math/big"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// Unit is what a part of a period is counted in.
type Unit string

// The units there are. Seconds are the default.
const (
	Second Unit = "second"
	Day    Unit = "day"  // local days: the start is included and the end is not
	None   Unit = "none" // nothing is prorated: every part is the whole
)

// Convention says how long a month is.
type Convention string

// The conventions there are.
const (
	Actual  Convention = "actual_days"
	Fixed30 Convention = "fixed_30_days" // every month has 30 days: its 31st is free and its last counts for those it lacks
)

// Share is an exact part of a whole, in seconds or days.
type Share struct{ Part, Whole int64 }

// Fraction is the share in lowest terms: 17/31, 1, 0.
func (s Share) Fraction() string { return s.rat().RatString() }

// Counted is the share as it was counted: 30/30, 14/28.
func (s Share) Counted() string {
	return strconv.FormatInt(s.Part, 10) + "/" + strconv.FormatInt(s.Whole, 10)
}

// Decimal is the share, cut after so many decimals that rounding it once rounds the exact value.
func (s Share) Decimal() decimal.Decimal { return cut(s.rat()) }

// Of is that part of a price, cut in the same way.
func (s Share) Of(price decimal.Decimal) decimal.Decimal { return cut(s.times(price)) }

func (s Share) rat() *big.Rat {
	if s.Whole == 0 {
		return new(big.Rat)
	}
	return big.NewRat(s.Part, s.Whole)
}

func (s Share) times(price decimal.Decimal) *big.Rat { return new(big.Rat).Mul(s.rat(), price.Rat()) }

// exactScale is more decimals than a price (20) times a share of a period (10 digits) needs to be told from a tie of rounding.
const exactScale = 40

func cut(r *big.Rat) decimal.Decimal {
	v, _ := decimal.NewFromBigInt(r.Num(), 0).QuoRem(decimal.NewFromBigInt(r.Denom(), 0), exactScale)
	return v
}

// Measure is how time is counted.
type Measure struct {
	Unit       Unit
	Convention Convention
	Zone       *time.Location
}

// Share counts the part of a full period that an interval covers; what lies outside of the period does not count.
func (m Measure) Share(full, part calendar.Interval) Share {
	part = clip(part, full)
	switch {
	case m.Unit == None:
		return Share{1, 1}
	case m.Convention == Fixed30:
		return thirty(m.days(full.Start, part.Start), m.days(full.Start, part.End), m.days(full.Start, full.End))
	case m.Unit == Day:
		return Share{m.days(part.Start, part.End), m.days(full.Start, full.End)}
	}
	return Share{part.Seconds(), full.Seconds()}
}

func (m Measure) days(from, to time.Time) int64 { return int64(calendar.Days(m.Zone, from, to)) }

func clip(part, full calendar.Interval) calendar.Interval {
	limit := func(t time.Time) time.Time {
		switch {
		case t.Before(full.Start):
			return full.Start
		case t.After(full.End):
			return full.End
		}
		return t
	}
	out := calendar.Interval{Start: limit(part.Start), End: limit(part.End)}
	if out.End.Before(out.Start) {
		out.End = out.Start
	}
	return out
}

// thirty counts days [from, to) of a period of whole days as if each of its months had 30. The days run from its start, so a
// change on a given day leaves the same part of every month.
func thirty(from, to, whole int64) Share {
	months := max((whole*12+182)/365, 1)
	day := func(n int64) int64 {
		if n == whole {
			return 30 * months
		}
		return min(n, 30*months)
	}
	return Share{day(to) - day(from), 30 * months}
}
