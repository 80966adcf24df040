package money

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Allocate splits total in proportion to weights, at scale decimals, so that the parts sum to total exactly: each gets
// its share cut towards zero, and the units left over go to the largest remainders, the earlier first among equals.
// A total with more than scale decimals gives its excess to the first of that order. Weights below zero count as
// zero, and when all are zero they count as equal, because the total must go somewhere. No weights, no parts.
func Allocate(total decimal.Decimal, weights []decimal.Decimal, scale int32) []decimal.Decimal {
	if len(weights) == 0 {
		return nil
	}
	weights, sum := usable(weights)
	parts := make([]decimal.Decimal, len(weights))
	rests := make([]decimal.Decimal, len(weights))
	order := make([]int, len(weights))
	left := total.Abs()
	for i, w := range weights {
		parts[i], rests[i] = total.Abs().Mul(w).QuoRem(sum, scale)
		left = left.Sub(parts[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	for n, unit := 0, decimal.New(1, -scale); left.GreaterThanOrEqual(unit); n++ {
		parts[order[n]] = parts[order[n]].Add(unit)
		left = left.Sub(unit)
	}
	parts[order[0]] = parts[order[0]].Add(left)
	if total.IsNegative() {
		for i := range parts {
			parts[i] = parts[i].Neg()
		}
	}
	return parts
}

// usable replaces negative weights by zero, and all-zero weights by ones.
func usable(weights []decimal.Decimal) (clean []decimal.Decimal, sum decimal.Decimal) {
	clean = make([]decimal.Decimal, len(weights))
	for i, w := range weights {
		clean[i] = decimal.Max(w, decimal.Zero)
		sum = sum.Add(clean[i])
	}
	if sum.IsPositive() {
		return clean, sum
	}
	for i := range clean {
		clean[i] = decimal.NewFromInt(1)
	}
	return clean, decimal.NewFromInt(int64(len(clean)))
}
