package metering

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// RoundingFunction names how a result is rounded before it is priced.
type RoundingFunction string

// round is half away from zero, ceil goes up and floor goes down, below zero too.
const (
	RoundingRound RoundingFunction = "round"
	RoundingCeil  RoundingFunction = "ceil"
	RoundingFloor RoundingFunction = "floor"
)

// Rounding rounds a quantity, not money, to Precision decimals; a negative precision means tens, hundreds and so on.
type Rounding struct {
	Function  RoundingFunction
	Precision int
}

// maxPrecision is as many decimals as a quantity may have, and as many digits before its point.
const maxPrecision = 20

// Of rounds the exact number: not its quotation, whose last decimal was rounded already.
func (r Rounding) Of(n Number) decimal.Decimal {
	unit := new(big.Rat).SetInt(tenTo(int32(max(r.Precision, -r.Precision))))
	if r.Precision < 0 {
		unit.Inv(unit)
	}
	scaled := unit.Mul(n.Rat(), unit)
	floor, rest := new(big.Int).DivMod(scaled.Num(), scaled.Denom(), new(big.Int)) // rest ≥ 0
	if r.up(scaled, rest) {
		floor.Add(floor, big.NewInt(1))
	}
	return decimal.NewFromBigInt(floor, int32(-r.Precision)).Normalize()
}

// up says whether the next whole number is meant and not the one below.
func (r Rounding) up(scaled *big.Rat, rest *big.Int) bool {
	switch r.Function {
	case RoundingCeil:
		return rest.Sign() > 0
	case RoundingRound:
		half := new(big.Int).Lsh(rest, 1).Cmp(scaled.Denom())
		return half > 0 || half == 0 && scaled.Sign() > 0
	case RoundingFloor:
	}
	return false
}

func (r Rounding) validate(f *faults) {
	if r.Function != RoundingRound && r.Function != RoundingCeil && r.Function != RoundingFloor {
		f.at("/rounding/function", "rounding_unknown", "The function must be one of: round, ceil, floor.")
	}
	if r.Precision < -maxPrecision || r.Precision > maxPrecision {
		f.at("/rounding/precision", "out_of_range", "The precision must be between -20 and 20.")
	}
}

// faults gathers every wrong place, so that the caller mends them all in one go.
type faults []fault.Field

func (f *faults) at(pointer, code, detail string) {
	*f = append(*f, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

// add takes what another package found below a pointer.
func (f *faults) add(pointer string, err error) {
	if err == nil {
		return
	}
	if found := fault.Of(err); len(found.Fields) == 0 {
		f.at(pointer, "out_of_range", found.Detail)
	}
	for _, field := range fault.Of(err).Fields {
		field.Pointer = pointer + field.Pointer
		*f = append(*f, field)
	}
}

func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &fault.Fault{Kind: fault.Invalid, Code: "validation_failed", Detail: "The request has invalid fields.", Fields: *f}
}
