package invoicing_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
)

func ExampleCompute() {
	d := func(s string) *decimal.Decimal { v := decimal.RequireFromString(s); return &v }
	bill, err := invoicing.Compute(invoicing.Draft{
		Currency: "EUR",
		Items: []invoicing.Item{
			{ID: "fee", Amount: d("29")},
			{ID: "usage", Quantity: d("1234567"), UnitAmount: d("0.00001")},
		},
		Taxes:         []invoicing.Tax{{Code: "DE-VAT", Percent: *d("19")}},
		Discounts:     []invoicing.Discount{{Code: "WELCOME", Percent: d("10")}},
		AccountCredit: *d("5"),
	})
	for _, l := range bill.Lines {
		fmt.Println(l.ID, l.Exact, "->", l.Amount, "-", l.Discount, "+", l.Tax, "=", l.Gross)
	}
	fmt.Println("total", bill.Total, "credit", bill.Collection.Credit, "due", bill.Collection.AmountDue, bill.Collection.MinorUnits, err)
	// Output:
	// fee 29 -> 29 - 2.9 + 4.96 = 31.06
	// usage 12.34567 -> 12.35 - 1.24 + 2.11 = 13.22
	// total 44.28 credit 5 due 39.28 3928 <nil>
}

// A line of 31.00 with 20 % tax is credited for 16 unused of 31 days; three quarters of its invoice were paid.
func ExampleCompute_creditNote() {
	d := func(s string) *decimal.Decimal { v := decimal.RequireFromString(s); return &v }
	bill, _ := invoicing.Compute(invoicing.Draft{
		Currency: "EUR",
		Items:    []invoicing.Item{{ID: "fee", Amount: d("31")}},
		Taxes:    []invoicing.Tax{{Percent: *d("20")}},
		Paid:     *d("27.90"),
		Issue: []invoicing.NoteRequest{{Settle: invoicing.SettleRefund,
			Items: []invoicing.NoteItem{{Line: "fee", UsedUnits: d("15"), UnusedUnits: d("16")}}}},
	})
	n := bill.Notes[0]
	fmt.Println(n.Net, "+", n.Tax, "=", n.Total, "refund", n.Refund, "account credit", n.AccountCredit)
	// Output: 16 + 3.2 = 19.2 refund 9.9 account credit 9.3
}
