package metering

import (
	"math/big"
	"sync"

	"github.com/shopspring/decimal"
)

// accumulator adds decimals, each times a whole weight, into one growing integer and in place: decimal.Add makes a new
// number for every event, which is most of the time that a million of them would take. It must not be copied once used.
type accumulator struct {
	total big.Int
	scale int32 // the total is in units of 10^-scale
	// Room to compute in. A product needs an operand of its own, or big.Int makes a new one.
	term, factor, product big.Int
}

// digitsOfInt64 is how many decimal digits fit an int64 whatever they are.
const digitsOfInt64 = 18

func (a *accumulator) add(d decimal.Decimal, weight int64) {
	a.refine(-d.Exponent())
	if d.NumDigits() <= digitsOfInt64 {
		a.term.SetInt64(d.CoefficientInt64())
	} else {
		a.term.Set(d.Coefficient())
	}
	if shift := a.scale + d.Exponent(); shift > 0 {
		a.times(tenTo(shift))
	}
	if weight != 1 {
		a.factor.SetInt64(weight)
		a.times(&a.factor)
	}
	a.total.Add(&a.total, &a.term)
}

func (a *accumulator) times(f *big.Int) {
	a.product.Mul(&a.term, f)
	a.term.Set(&a.product)
}

// refine makes room for so many decimals.
func (a *accumulator) refine(scale int32) {
	if scale > a.scale {
		a.total.Mul(&a.total, tenTo(scale-a.scale))
		a.scale = scale
	}
}

func (a *accumulator) merge(o *accumulator) { a.add(o.decimal(), 1) }

func (a *accumulator) decimal() decimal.Decimal {
	return decimal.NewFromBigInt(&a.total, -a.scale) // makes a copy
}

// over is the total ÷ n; over nothing it is 0.
func (a *accumulator) over(n int64) Number {
	if n == 0 {
		return Number{}
	}
	denominator := new(big.Int).Mul(tenTo(a.scale), big.NewInt(n))
	return Number{rat: new(big.Rat).SetFrac(new(big.Int).Set(&a.total), denominator)}
}

// knownPowers is more decimals than a quantity and a price together have.
const knownPowers = 64

var powers = sync.OnceValue(func() (out [knownPowers]*big.Int) {
	for i := range out {
		out[i] = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(i)), nil)
	}
	return out
})

// tenTo gives 10^n, which nobody may change.
func tenTo(n int32) *big.Int {
	if n < knownPowers {
		return powers()[n]
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
