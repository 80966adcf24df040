package pricing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// limit is the first value that money.ParseQuantity would not read: what was accepted once must stay readable.
var limit = decimal.New(1, 20)

// Validate refuses a price that could not be computed exactly or would fall with the quantity. Every wrong field is
// reported at once; pointers are relative to the price object.
func (p Price) Validate() error {
	var fields []fault.Field
	refuse := func(pointer, code, detail string) {
		fields = append(fields, fault.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	if p.Version != Version {
		refuse("/version", "version_unknown", "The price version must be 1.")
	}
	if p.Model != ModelPerUnit && p.Model != ModelPackage {
		refuse("/model", "model_unknown", "The model must be one of: per_unit, package.")
	}
	for _, n := range []struct {
		pointer string
		value   decimal.Decimal
	}{{"/amount", p.Amount}, {"/per_units", p.PerUnits}, {"/free_units", p.FreeUnits}} {
		if n.value.IsNegative() {
			refuse(n.pointer, "out_of_range", "The value must not be negative.")
		} else if n.value.Exponent() < -QuotientScale {
			refuse(n.pointer, "too_many_decimals", "The value may have at most 20 decimals.")
		} else if n.value.GreaterThanOrEqual(limit) {
			refuse(n.pointer, "out_of_range", "The value may have at most 20 digits before the point.")
		}
	}
	if p.PerUnits.IsZero() {
		refuse("/per_units", "out_of_range", "The value must be greater than zero.")
	}
	if len(fields) == 0 {
		return nil
	}
	f := fault.At(fields[0].Pointer, fields[0].Code, fields[0].Detail)
	f.Fields = fields
	return f
}
