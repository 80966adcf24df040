package money

import (
	"bytes"
	"encoding/json"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Amount is so much of an asset. The zero Amount is no amount of nothing.
type Amount struct {
	Value decimal.Decimal
	Asset Asset
}

// wire is the JSON form. The amount is held raw so that a number can be told from a string.
type wire struct {
	Amount   json.RawMessage `json:"amount"`
	Currency string          `json:"currency"`
}

// Text gives the value with at least the currency's own decimals and every significant one: 29.00, 0.00001, 12.5.
func (a Amount) Text() string {
	if c, ok := currencies[string(a.Asset)]; ok && a.Value.Equal(a.Value.Truncate(c.Exponent)) {
		return a.Value.StringFixed(c.Exponent)
	}
	return a.Value.String()
}

// String gives the amount and its asset, for people and logs.
func (a Amount) String() string { return a.Text() + " " + string(a.Asset) }

// MarshalJSON writes {"amount":"29.00","currency":"EUR"}.
func (a Amount) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}{a.Text(), string(a.Asset)})
}

// UnmarshalJSON reads what MarshalJSON writes, exact amounts with up to MaxDecimals decimals included, because stored
// values pass through it. The tighter bound of amounts that callers send is ParseAmount. JSON numbers and unknown
// fields are refused.
func (a *Amount) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var w wire
	if err := dec.Decode(&w); err != nil {
		return fault.New(fault.Invalid, "amount_malformed",
			"An amount must be an object with the strings \"amount\" and \"currency\".").Because(err)
	}
	var text string
	if err := json.Unmarshal(w.Amount, &text); err != nil {
		return fault.At("/amount", "decimal_malformed", "The amount must be a decimal in a string, not a number.").Because(err)
	}
	v, err := ParseQuantity(text)
	if err != nil {
		return fault.At("/amount", "decimal_malformed", fault.Of(err).Detail)
	}
	if w.Currency == "" {
		return fault.At("/currency", "required", "An amount must name its currency.")
	}
	*a = Amount{Value: v, Asset: Asset(w.Currency)}
	return nil
}
