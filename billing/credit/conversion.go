package credit

import "github.com/shopspring/decimal"

// quotientScale is where the quotient of a conversion ends that has no finite decimals.
const quotientScale = 20

// Value is what credits are worth in money, exactly: rate is money per credit. Rounding it is invoicing's.
func Value(credits, rate decimal.Decimal) decimal.Decimal { return credits.Mul(rate) }

// Bought is how many credits an amount of money buys at a rate, cut off after 20 decimals: nobody gets more than was paid for.
func Bought(amount, rate decimal.Decimal) decimal.Decimal {
	q, _ := amount.QuoRem(rate, quotientScale)
	return q
}
