package money_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

func ExampleAllocate() {
	one := decimal.NewFromInt(1)
	fmt.Println(money.Allocate(decimal.RequireFromString("0.05"), []decimal.Decimal{one, one, one}, 2))
	// Output: [0.02 0.02 0.01]
}

func ExampleRound() {
	v := decimal.RequireFromString("10.125")
	fmt.Println(money.Round(v, "EUR"), money.Round(v.Neg(), "EUR"), money.Round(v, "JPY"), money.Round(v, "KWD"))
	// Output: 10.13 -10.13 10 10.125
}

func ExampleToMinor() {
	minor, err := money.ToMinor(money.Amount{Value: decimal.RequireFromString("29"), Asset: "EUR"})
	fmt.Println(minor, err)
	_, err = money.ToMinor(money.Amount{Value: decimal.RequireFromString("1.234"), Asset: "KWD"})
	fmt.Println(err)
	// Output:
	// 2900 <nil>
	// amount_not_minor: 1.234 KWD: the payment provider takes only multiples of 10 minor units in this currency.
}

func ExampleProviderMinimum() {
	fmt.Println(money.ProviderMinimum("EUR"), money.ProviderMinimum("GBP"), money.ProviderMinimum("JPY"), money.ProviderMinimum("KWD"))
	// Output: 0.5 0.3 50 0
}
