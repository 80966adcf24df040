package invoicing

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
)

// RatedUsage is one rating as the invoice sees it. Period is the billing period the usage belongs to, which for late
// usage is an earlier one than the invoice's.
type RatedUsage struct {
	MeterCode   string
	Unit        string
	Description string
	Period      calendar.Interval
	Asset       money.Asset
	Quantity    decimal.Decimal
	Covered     decimal.Decimal
	Overage     decimal.Decimal
	OverageFiat decimal.Decimal
}

// LineKey says which usage line a rating belongs to. Instants are in microseconds, the precision of every stored time.
type LineKey struct {
	MeterCode string
	Start     int64
	End       int64
	Asset     money.Asset
}

// Key gives the line the rating belongs to: one per meter and billing period. Credits of two assets cannot be added,
// so a meter whose price changed its asset within a period has a line for each.
func (r RatedUsage) Key() LineKey { return keyOf(r.MeterCode, r.Period, r.Asset) }

// Key gives what a usage line shares with its ratings.
func (l Line) Key() LineKey { return keyOf(l.MeterCode, l.Period, l.CoveredAsset) }

func keyOf(meter string, period calendar.Interval, asset money.Asset) LineKey {
	return LineKey{MeterCode: meter, Start: period.Start.UnixMicro(), End: period.End.UnixMicro(), Asset: asset}
}

// UsageLines adds ratings up to usage lines. Nothing is rounded here: the sum of exact parts is rounded once, by Total.
// Where the ratings of a line differ in description, the first in alphabetical order stands, not the first to come.
func UsageLines(ratings []RatedUsage) []Line {
	index := make(map[LineKey]int, len(ratings))
	var lines []Line
	for _, r := range ratings {
		i, seen := index[r.Key()]
		if !seen {
			i = len(lines)
			index[r.Key()] = i
			lines = append(lines, Line{Kind: KindUsage, Description: r.Description, Period: r.Period, Unit: r.Unit,
				MeterCode: r.MeterCode, CoveredAsset: r.Asset})
		}
		line := &lines[i]
		line.Description = min(line.Description, r.Description)
		line.Quantity = line.Quantity.Add(r.Quantity)
		line.Covered = line.Covered.Add(r.Covered)
		line.Overage = line.Overage.Add(r.Overage)
		line.Exact = line.Exact.Add(r.OverageFiat)
	}
	return ordered(lines)
}

// ordered sorts by time first, so that the usage of a period stands before the fee of the next. Lines that tie in every
// field compared are the same line twice.
func ordered(lines []Line) []Line {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b Line) int {
		return cmp.Or(
			a.Period.Start.Compare(b.Period.Start),
			a.Period.End.Compare(b.Period.End),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.MeterCode, b.MeterCode),
			cmp.Compare(a.Description, b.Description),
			cmp.Compare(a.CoveredAsset, b.CoveredAsset),
			a.Exact.Cmp(b.Exact),
			a.Quantity.Cmp(b.Quantity),
			a.Covered.Cmp(b.Covered),
		)
	})
	return sorted
}
