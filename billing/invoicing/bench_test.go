package invoicing_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
)

func BenchmarkInvoice(b *testing.B) {
	for _, lines := range []int{1, 100, 1000} {
		d := invoicing.Draft{Currency: "EUR", Taxes: []invoicing.Tax{{Code: "VAT", Percent: dec("19")}},
			Discounts: []invoicing.Discount{{Percent: ptr("10")}, {Amount: ptr("5")}}, Minimum: &invoicing.Minimum{Amount: dec("10000")},
			AccountCredit: dec("7.5"), CreditNotes: []decimal.Decimal{dec("1")}, Issue: []invoicing.NoteRequest{{Amount: ptr("1")}}}
		for i := range lines {
			d.Items = append(d.Items, invoicing.Item{Quantity: ptr(fmt.Sprint(1000 + i)), UnitAmount: ptr("0.00123")})
		}
		b.Run(fmt.Sprint(lines, " lines"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := invoicing.Compute(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
