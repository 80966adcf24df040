package pricing_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/pricing"
)

func BenchmarkOf(b *testing.B) {
	for name, text := range map[string]string{
		"flat": `{"model":"flat","amount":"1"}`, "per_unit": `{"model":"per_unit","amount":"0.0000025","per_units":"1"}`,
		"per_unit_of_3": `{"model":"per_unit","amount":"1","per_units":"3"}`, "package": `{"model":"package","amount":"1","per_units":"10"}`,
		"graduated": graduated, "volume": volume, "graduated_percentage": rates, "tiered_blocks": blocks,
	} {
		b.Run(name, func(b *testing.B) {
			p, q := parsed(b, text), d("105.5")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Of(q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A period rated event by event: each is the difference it makes.
func BenchmarkDelta(b *testing.B) {
	for _, n := range []int{1, 1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := parsed(b, graduated)
			b.ReportAllocs()
			for b.Loop() {
				before := decimal.Zero
				for range n {
					if _, err := p.Delta(before, one); err != nil {
						b.Fatal(err)
					}
					before = before.Add(one)
				}
			}
		})
	}
}

var one = decimal.NewFromInt(1)

// The largest requests that the bounds allow.
func BenchmarkCompute(b *testing.B) {
	tiers := parsed(b, graduated)
	tiers.Tiers = nil
	for i := range pricing.MaxTiers - 1 {
		tiers.Tiers = append(tiers.Tiers, pricing.Tier{UpTo: ptr(decimal.NewFromInt(int64(i + 1))), Amount: one, PerUnits: d("3")})
	}
	tiers.Tiers = append(tiers.Tiers, pricing.Tier{Amount: one, PerUnits: one})
	list := make([]decimal.Decimal, pricing.MaxItems)
	for i := range list {
		list[i] = d("99.12345678901234567890")
	}
	for name, r := range map[string]pricing.Request{
		"tiers":       {Asset: "EUR", Price: tiers, Transactions: list},
		"buckets":     {Asset: "EUR", Price: tiers, Buckets: list},
		"percentage":  {Asset: "EUR", Price: parsed(b, `{"model":"percentage","rate_percent":"1.3","fixed_amount":"2"}`), Transactions: list},
		"dynamic":     {Asset: "EUR", Price: parsed(b, `{"model":"dynamic","multiplier":"1.5"}`), Transactions: list},
		"one_package": {Asset: "EUR", Price: parsed(b, `{"model":"package","amount":"1","per_units":"10"}`), Quantity: &list[0]},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pricing.Compute(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
