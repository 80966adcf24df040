package money

import (
	"math/big"
	"slices"

	"github.com/shopspring/decimal"
)

// LedgerScale is how many decimals a ledger entry has.
const LedgerScale = 9

// Round rounds half away from zero to the currency's minor unit; other assets keep LedgerScale decimals. Package
// invoicing calls it once per line, and nobody else does: rounding twice is how cents go missing.
func Round(v decimal.Decimal, a Asset) decimal.Decimal { return v.Round(Scale(a)) }

// RoundQuotient rounds numerator ÷ denominator as Round would round the exact quotient, which may have no finite decimals:
// a tie is seen as one, and nothing else is.
func RoundQuotient(numerator, denominator decimal.Decimal, a Asset) decimal.Decimal {
	return numerator.DivRound(denominator, Scale(a))
}

// RoundParts rounds the sum of exact parts once, as Round would, and gives each part its share of it in whole minor units:
// the part cut down to a unit, and the units left over to the largest fractions, the earlier first among equals. A part
// that is whole keeps its value, and every share lies within a unit of its part, whatever the signs.
func RoundParts(parts []*big.Rat, a Asset) (total decimal.Decimal, shares []decimal.Decimal) {
	scale := Scale(a)
	units := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	sum, left := new(big.Rat), new(big.Int)
	floors, rests, order := make([]*big.Int, len(parts)), make([]*big.Rat, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		inUnits := new(big.Rat).Mul(p, units)
		sum.Add(sum, inUnits)
		floors[i] = new(big.Int).Div(inUnits.Num(), inUnits.Denom()) // Euclidean: down, also below zero
		rests[i] = inUnits.Sub(inUnits, new(big.Rat).SetInt(floors[i]))
		left.Sub(left, floors[i])
		order[i] = i
	}
	whole := roundRat(sum)
	left.Add(left, whole)
	slices.SortStableFunc(order, func(i, j int) int { return rests[j].Cmp(rests[i]) })
	for n := range left.Int64() { // fewer than there are parts with a fraction
		floors[order[n]].Add(floors[order[n]], big.NewInt(1))
	}
	shares = make([]decimal.Decimal, len(parts))
	for i, f := range floors {
		shares[i] = decimal.NewFromBigInt(f, -scale)
	}
	return decimal.NewFromBigInt(whole, -scale), shares
}

// roundRat rounds half away from zero to an integer.
func roundRat(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(r.Num()), 1)
	twice.Add(twice, r.Denom())
	whole := twice.Quo(twice, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		whole.Neg(whole)
	}
	return whole
}

// Scale is how many decimals an amount of the asset has once it is rounded.
func Scale(a Asset) int32 {
	if c, ok := currencies[string(a)]; ok {
		return c.Exponent
	}
	return LedgerScale
}

// ToLedger rounds half away from zero to LedgerScale. Postings of a running total telescope with it: post the
// difference of two rounded totals, never a rounded difference.
func ToLedger(v decimal.Decimal) decimal.Decimal { return v.Round(LedgerScale) }
