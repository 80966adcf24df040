package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"
)

const exactForm = `^-?(0|[1-9]\d*)(\.\d+)?$`

// Exact is a computed number in an answer: all digits there are, however many. Requests have Quantity and Decimal, which are bounded.
type Exact struct{ decimal.Decimal }

// exactly puts a computed number on the wire without trailing zeros.
func exactly(v decimal.Decimal) Exact { return Exact{v.Normalize()} }

// Schema is huma's way to ask how the type looks in JSON.
func (Exact) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Format: "decimal", Pattern: exactForm, PatternDescription: "a decimal in a string",
		Examples: []any{"0.000012"}}
	s.PrecomputeMessages()
	return s
}

// MarshalJSON writes all digits there are, and never an exponent.
func (e Exact) MarshalJSON() ([]byte, error) { return json.Marshal(written(e.Decimal)) }
