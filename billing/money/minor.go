package money

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// ToMinor gives the integer that Stripe means by an amount. It refuses what Stripe would refuse or cut: assets that
// are no currency, fractions of the provider's unit, a three-decimal amount that does not end in 0, a fraction of a
// króna or shilling, and what an int64 cannot hold. It never rounds; the invoice line was rounded already.
func ToMinor(a Amount) (int64, error) {
	c, ok := currencies[string(a.Asset)]
	if !ok {
		return 0, notACurrency(a.Asset)
	}
	shifted := a.Value.Shift(c.StripeExponent)
	if !shifted.IsInteger() {
		return 0, fault.New(fault.Invalid, "amount_not_minor", "%s %s is not a whole number of the provider's minor units.",
			a.Value, c.Code)
	}
	minor := shifted.BigInt()
	if !minor.IsInt64() {
		return 0, fault.New(fault.Invalid, "amount_out_of_range", "The amount is too large for the payment provider.")
	}
	if new(big.Int).Rem(minor, big.NewInt(c.StripeStep)).Sign() != 0 {
		return 0, fault.New(fault.Invalid, "amount_not_minor",
			"%s %s: the payment provider takes only multiples of %d minor units in this currency.",
			a.Value, c.Code, c.StripeStep)
	}
	return minor.Int64(), nil
}

// FromMinor reads an integer amount of the provider. It does not insist on the provider's own steps: what was moved
// was moved, and the books must show it.
func FromMinor(minor int64, currency Asset) (Amount, error) {
	c, ok := currencies[string(currency)]
	if !ok {
		return Amount{}, notACurrency(currency)
	}
	return Amount{Value: decimal.New(minor, -c.StripeExponent), Asset: currency}, nil
}

// ProviderMinimum gives the smallest amount that Stripe charges in a currency, zero where none is documented. Where Stripe
// converts, the minimum is that of the other currency at its rate of the moment: it may still refuse what is not below this.
func ProviderMinimum(currency Asset) decimal.Decimal {
	c := currencies[string(currency)]
	return decimal.New(c.StripeMinimum, -c.StripeExponent)
}

func notACurrency(a Asset) error {
	return fault.New(fault.Invalid, "currency_unknown", "%q is not an ISO 4217 currency.", string(a))
}

// Payable gives the most of an amount that Stripe can be asked for, in its integer units, and what is left over: the last
// digit of a dinar, the fraction of an ariary. It never asks for more than is owed.
func Payable(a Amount) (units int64, rest decimal.Decimal, err error) {
	c, ok := currencies[string(a.Asset)]
	if !ok {
		return 0, decimal.Zero, notACurrency(a.Asset)
	}
	step := decimal.New(c.StripeStep, -c.StripeExponent)
	whole, rest := a.Value.QuoRem(step, 0)
	units, err = ToMinor(Amount{Value: whole.Mul(step), Asset: a.Asset})
	return units, rest, err
}
