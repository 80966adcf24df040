package pricing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// limit is the first value that money.ParseQuantity would not read: what was accepted once must stay readable.
var limit = decimal.New(1, 20)

var hundred = decimal.NewFromInt(100)

// problems collects every wrong field, with pointers relative to the object that is validated.
type problems []fault.Field

func (f *problems) at(pointer, code, detail string) {
	*f = append(*f, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

func (f problems) fault() error {
	if len(f) == 0 {
		return nil
	}
	out := fault.At(f[0].Pointer, f[0].Code, f[0].Detail)
	out.Fields = f
	return out
}

// number refuses what is negative or could not be read back.
func (f *problems) number(pointer string, v decimal.Decimal) bool {
	if v.IsNegative() {
		f.at(pointer, "out_of_range", "The value must not be negative.")
		return false
	}
	return f.size(pointer, v)
}

// bearable tells whether a value may be compared: with a large exponent that takes forever.
func bearable(v decimal.Decimal) bool {
	return v.Exponent() >= -QuotientScale && v.Exponent() <= QuotientScale
}

// size refuses what could not be read back, of either sign.
func (f *problems) size(pointer string, v decimal.Decimal) bool {
	switch {
	case v.Exponent() < -QuotientScale:
		f.at(pointer, "too_many_decimals", "The value may have at most 20 decimals.")
	case v.Exponent() > QuotientScale || v.Abs().GreaterThanOrEqual(limit):
		f.at(pointer, "out_of_range", "The value may have at most 20 digits before the point.")
	default:
		return true
	}
	return false
}

func (f *problems) optional(pointer string, v *decimal.Decimal) {
	if v != nil {
		f.number(pointer, *v)
	}
}

func (f *problems) positive(pointer string, v decimal.Decimal) {
	if v.IsZero() {
		f.at(pointer, "out_of_range", "The value must be greater than zero.")
		return
	}
	f.number(pointer, v)
}

func (f *problems) percent(pointer string, v decimal.Decimal) {
	if f.number(pointer, v) && v.GreaterThan(hundred) {
		f.at(pointer, "out_of_range", "A percentage may be at most 100.")
	}
}

// length refuses a list that is empty or too long.
func (f *problems) length(pointer string, n, most int) bool {
	if n == 0 {
		f.at(pointer, "required", "The list must not be empty.")
	} else if n > most {
		f.at(pointer, "out_of_range", fmt.Sprintf("The list may have at most %d entries.", most))
	}
	return n > 0 && n <= most
}

// Validate refuses a price that could not be computed exactly, or is not what its model asks for. Every wrong field is
// reported at once; pointers are relative to the price object.
func (p Price) Validate() error {
	var f problems
	if p.Version != Version {
		f.at("/version", "version_unknown", "The price version must be 1.")
	}
	if p.Model.fields() == nil {
		f.at("/model", "model_unknown", "The model must be one of: "+names()+".")
		return f.fault()
	}
	for _, field := range p.given() {
		if field.set && !p.Model.Has(field.name) {
			f.at("/"+field.name, "field_not_allowed", fmt.Sprintf("A %s price has no such field.", p.Model))
		}
	}
	p.validateModel(&f)
	return f.fault()
}

func names() string {
	var out []string
	for _, m := range Models() {
		out = append(out, string(m))
	}
	return strings.Join(out, ", ")
}

func (p Price) validateModel(f *problems) {
	switch p.Model {
	case ModelFlat:
		f.number("/amount", p.Amount)
	case ModelPerUnit, ModelPackage:
		p.validateUnits(f)
	case ModelGraduated, ModelVolume, ModelGraduatedPercentage:
		p.validateTiers(f)
	case ModelTieredBlocks:
		p.validateBlocks(f)
	case ModelPercentage:
		p.validatePercentage(f)
	case ModelDynamic:
		f.optional("/multiplier", p.Multiplier)
	case ModelMatrix:
		p.validateMatrix(f)
	}
}

func (p Price) validateUnits(f *problems) {
	f.number("/amount", p.Amount)
	f.positive("/per_units", p.PerUnits)
	f.number("/free_units", p.FreeUnits)
	if p.Model == ModelPackage && !slices.Contains([]Rounding{"", RoundUp, RoundDown}, p.Round) {
		f.at("/round", "out_of_range", "Packages are rounded up or down.")
	}
}

func (p Price) validatePercentage(f *problems) {
	if p.RatePercent == nil {
		f.at("/rate_percent", "required", "A percentage price must say its rate.")
	} else {
		f.percent("/rate_percent", *p.RatePercent)
	}
	f.optional("/fixed_amount", p.FixedAmount)
	if p.FreeEvents != nil && *p.FreeEvents < 0 {
		f.at("/free_events", "out_of_range", "The value must not be negative.")
	}
	f.optional("/free_amount", p.FreeAmount)
	f.optional("/transaction_minimum", p.TransactionMinimum)
	f.optional("/transaction_maximum", p.TransactionMaximum)
	f.ordered("/transaction_maximum", p.TransactionMinimum, p.TransactionMaximum)
}

// ordered refuses a maximum below its minimum.
func (f *problems) ordered(pointer string, minimum, maximum *decimal.Decimal) {
	if minimum == nil || maximum == nil || !bearable(*minimum) || !bearable(*maximum) {
		return // said already
	}
	if maximum.LessThan(*minimum) {
		f.at(pointer, "out_of_range", "The maximum must not be below the minimum, nor a whole below its share.")
	}
}
