package pricing_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/pricing"
)

// A package that one event began is filled up by the next: usage costs the same whatever way it is cut.
func ExamplePrice_Delta() {
	p := pricing.Price{Version: 1, Model: pricing.ModelPackage, Amount: decimal.NewFromInt(15), PerUnits: decimal.NewFromInt(10)}
	first, _ := p.Delta(decimal.Zero, decimal.NewFromInt(17))
	second, _ := p.Delta(decimal.NewFromInt(17), decimal.NewFromInt(3))
	third, _ := p.Delta(decimal.NewFromInt(20), decimal.NewFromInt(1))
	fmt.Println(first, second, third)
	// Output: 30 0 15
}

func ExamplePrice_Of() {
	p := pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: decimal.NewFromInt(1), PerUnits: decimal.NewFromInt(100_000)}
	amount, _ := p.Of(decimal.NewFromInt(1_250_000))
	fmt.Println(amount)
	// Output: 12.5
}

func ExamplePrice_Explain() {
	p := pricing.Price{Version: 1, Model: pricing.ModelPackage, Amount: decimal.NewFromInt(5),
		PerUnits: decimal.NewFromInt(10), FreeUnits: decimal.NewFromInt(100)}
	lines, _ := p.Explain(decimal.NewFromInt(95), decimal.NewFromInt(16))
	for _, l := range lines {
		fmt.Println(l.Kind, l.Quantity, l.Packages, l.Amount)
	}
	// Output:
	// free 5 0 0
	// packages 11 2 10
}
