package metering

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// decimalType is an exact decimal in CEL, which has only floats of its own. Standard operators take no functions of ours:
// they are declared for the type, and find its trait.
var decimalType = cel.OpaqueType("decimal").WithTraits(traits.ComparerType)

type celDecimal struct{ decimal.Decimal }

var errNoConversion = errors.New("a decimal converts to nothing else")

func readDecimal(arg ref.Val) ref.Val {
	text, ok := arg.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(arg)
	}
	d, err := money.ParseQuantity(string(text))
	if err != nil {
		return types.NewErr("not a decimal")
	}
	return celDecimal{d}
}

// Compare is what <, <=, > and >= ask.
func (d celDecimal) Compare(other ref.Val) ref.Val {
	switch o := other.(type) {
	case celDecimal:
		return types.Int(d.Cmp(o.Decimal))
	case types.Int:
		return types.Int(d.Cmp(decimal.NewFromInt(int64(o))))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Equal is what == and != ask.
func (d celDecimal) Equal(other ref.Val) ref.Val {
	o, ok := other.(celDecimal)
	return types.Bool(ok && d.Decimal.Equal(o.Decimal))
}

// ConvertToNative refuses: nothing takes a decimal out of CEL.
func (d celDecimal) ConvertToNative(reflect.Type) (any, error) { return nil, errNoConversion }

// ConvertToType refuses but for type(), which asks for the type itself.
func (d celDecimal) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return decimalType
	}
	return types.WrapErr(errNoConversion)
}

// Type is the CEL type.
func (d celDecimal) Type() ref.Type { return decimalType }

// Value is the Go value.
func (d celDecimal) Value() any { return d.Decimal }
