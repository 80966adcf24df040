package api

import (
	"encoding/json"
	"errors"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// The longest texts of the two forms. Length is checked before anything is parsed, since parsing time grows with the
// square of the digits; billing/money checks both again.
const (
	maxDecimalChars  = 40
	maxQuantityChars = 42
	decimalForm      = `^-?(0|[1-9]\d{0,19})(\.\d{1,9})?$`
	quantityForm     = `^-?(0|[1-9]\d{0,19})(\.\d{1,20})?$`
)

var (
	anyScale = regexp.MustCompile(`^-?(0|[1-9]\d{0,19})\.\d+$`)
	anySize  = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)
)

var errDecimal = errors.New("not a decimal string")

// Decimal is an amount on the wire: a string with up to 9 decimals. A JSON number is refused, because it may have
// been through a float already.
type Decimal struct{ decimal.Decimal }

// Quantity is a quantity, a unit price or an exact cost on the wire: a string with up to 20 decimals.
type Quantity struct{ decimal.Decimal }

// Schema is huma's way to ask how the type looks in JSON.
func (Decimal) Schema(huma.Registry) *huma.Schema {
	return decimalSchema(decimalForm, maxDecimalChars, badScaleHint+"20 digits before and 9 after the point", "12.34")
}

// Schema is huma's way to ask how the type looks in JSON.
func (Quantity) Schema(huma.Registry) *huma.Schema {
	return decimalSchema(quantityForm, maxQuantityChars, badScaleHint+"20 digits before and 20 after the point", "1200")
}

func decimalSchema(pattern string, length int, description, example string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Format: "decimal", Pattern: pattern, PatternDescription: description,
		MaxLength: &length, Examples: []any{example}}
	s.PrecomputeMessages()
	return s
}

// UnmarshalJSON takes a string of the amount's form and nothing else.
func (d *Decimal) UnmarshalJSON(data []byte) (err error) {
	d.Decimal, err = parseDecimal(data, money.ParseAmount)
	return err
}

// UnmarshalJSON takes a string of the quantity's form and nothing else.
func (q *Quantity) UnmarshalJSON(data []byte) (err error) {
	q.Decimal, err = parseDecimal(data, money.ParseQuantity)
	return err
}

func parseDecimal(data []byte, parse func(string) (decimal.Decimal, error)) (decimal.Decimal, error) {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return decimal.Decimal{}, errDecimal
	}
	return parse(s)
}

// MarshalJSON writes all digits there are, and never an exponent.
func (d Decimal) MarshalJSON() ([]byte, error) { return json.Marshal(written(d.Decimal)) }

// MarshalJSON writes all digits there are, and never an exponent.
func (q Quantity) MarshalJSON() ([]byte, error) { return json.Marshal(written(q.Decimal)) }

// quantity puts a count on the wire without the zeros that only its column's scale gave it: 20, not 20.000000000.
func quantity(v decimal.Decimal) Quantity { return Quantity{v.Normalize()} }

// written keeps the trailing zeros that the value's scale carries: 29.00 stays 29.00.
func written(v decimal.Decimal) string {
	if scale := -v.Exponent(); scale > 0 {
		return v.StringFixed(scale)
	}
	return v.String()
}

func amountOf(d *Decimal) *decimal.Decimal {
	if d == nil {
		return nil
	}
	return &d.Decimal
}

func amountOr0(d *Decimal) decimal.Decimal {
	if d == nil {
		return decimal.Zero
	}
	return d.Decimal
}

func decimalOf(q *Quantity) *decimal.Decimal {
	if q == nil {
		return nil
	}
	return &q.Decimal
}

func zeroOr(q *Quantity) decimal.Decimal {
	if q == nil {
		return decimal.Zero
	}
	return q.Decimal
}

func amountsOf(in []Decimal) []decimal.Decimal {
	out := make([]decimal.Decimal, 0, len(in))
	for _, d := range in {
		out = append(out, d.Decimal)
	}
	return out
}
