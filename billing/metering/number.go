package metering

import (
	"math/big"

	"github.com/shopspring/decimal"
)

// Scale is how many decimals a number is quoted with that has no finite decimals, or more of them.
const Scale = 20

// Number is an exact result: a quotient of whole numbers. Its zero value is 0.
type Number struct{ rat *big.Rat }

// NumberOf makes a decimal a Number.
func NumberOf(d decimal.Decimal) Number { return Number{rat: d.Rat()} }

func whole(n int64) Number { return Number{rat: new(big.Rat).SetInt64(n)} }

// ratio is a ÷ b; of nothing it is 0, which is what any measure of an empty period is.
func ratio(a, b int64) Number {
	if b == 0 {
		return Number{}
	}
	return Number{rat: big.NewRat(a, b)}
}

// Rat gives a copy.
func (n Number) Rat() *big.Rat {
	if n.rat == nil {
		return new(big.Rat)
	}
	return new(big.Rat).Set(n.rat)
}

// Decimal quotes the number: all its decimals where it has at most Scale, else Scale of them, half away from zero.
func (n Number) Decimal() decimal.Decimal {
	return decimal.NewFromBigRat(n.Rat(), Scale).Normalize()
}

// Fraction is the exact number in lowest terms: "17/31", or "5" where it is whole.
func (n Number) Fraction() string { return n.Rat().RatString() }

// Sub is the exact difference.
func (n Number) Sub(o Number) Number { return Number{rat: new(big.Rat).Sub(n.Rat(), o.Rat())} }

// Mul is the exact product.
func (n Number) Mul(o Number) Number { return Number{rat: new(big.Rat).Mul(n.Rat(), o.Rat())} }

// Equal compares exactly.
func (n Number) Equal(o Number) bool { return n.Rat().Cmp(o.Rat()) == 0 }

// Add is the exact sum.
func (n Number) Add(o Number) Number { return Number{rat: new(big.Rat).Add(n.Rat(), o.Rat())} }
