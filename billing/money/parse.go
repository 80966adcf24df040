package money

import (
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// The longest texts the patterns allow; the length is checked first because parsing is quadratic in it.
const (
	maxAmountLen   = 40
	maxQuantityLen = 42 // sign, 20 digits, point, 20 decimals
	// MaxDecimals is the most decimals a quantity or a unit price may have.
	MaxDecimals = 20
)

var (
	amountPattern   = regexp.MustCompile(`^-?(0|[1-9]\d{0,19})(\.\d{1,9})?$`)
	quantityPattern = regexp.MustCompile(`^-?(0|[1-9]\d{0,19})(\.\d{1,20})?$`)
)

// ParseAmount reads money as callers send it: a plain decimal with at most 20 digits and LedgerScale decimals. No plus
// sign, exponent, space, leading zero or NaN. The sign is the caller's business to judge.
func ParseAmount(s string) (decimal.Decimal, error) {
	return parse(s, maxAmountLen, amountPattern, "at most 20 digits and 9 decimals")
}

// ParseQuantity reads a quantity or a unit price: as ParseAmount, with up to MaxDecimals decimals.
func ParseQuantity(s string) (decimal.Decimal, error) {
	return parse(s, maxQuantityLen, quantityPattern, "at most 20 digits and 20 decimals")
}

func parse(s string, maxLen int, pattern *regexp.Regexp, bounds string) (decimal.Decimal, error) {
	if len(s) > maxLen || !pattern.MatchString(s) {
		return decimal.Zero, fault.New(fault.Invalid, "decimal_malformed",
			"The value must be a plain decimal in a string, such as \"12.34\", with %s.", bounds)
	}
	v, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Zero, fault.New(fault.Invalid, "decimal_malformed", "The value is not a decimal.").Because(err)
	}
	return v, nil
}
