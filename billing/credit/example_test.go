package credit_test

import (
	"fmt"
	"time"

	"github.com/durabill/durabill/billing/credit"
)

func ExampleBurnOrder() {
	soon, later := day(10), day(20)
	lots := []credit.Lot{
		{ID: "paid, never expires", GrantedAt: day(1)},
		{ID: "gift, never expires", Promotional: true, GrantedAt: day(3)},
		{ID: "expires on the 20th", ExpiresAt: &later},
		{ID: "expires on the 10th", ExpiresAt: &soon},
		{ID: "first by priority", Priority: -1},
		{ID: "paid, older", GrantedAt: day(0)},
	}
	for _, l := range credit.BurnOrder(lots) {
		fmt.Println(l.ID)
	}
	// Output:
	// first by priority
	// expires on the 10th
	// expires on the 20th
	// gift, never expires
	// paid, older
	// paid, never expires
}

func ExampleBurn() {
	end := day(31)
	lots := []credit.Lot{
		{ID: "bought", Remaining: dec("4"), EffectiveAt: day(1)},
		{ID: "monthly", Remaining: dec("6"), EffectiveAt: day(1), ExpiresAt: &end},
	}
	draws, overage := credit.Burn(dec("12.5"), lots, day(15))
	for _, d := range draws {
		fmt.Println(d.LotID, d.Amount)
	}
	fmt.Println("overage", overage)
	// Output:
	// monthly 6
	// bought 4
	// overage 2.5
}

func ExampleSpendable() {
	end := day(31)
	lots := []credit.Lot{{Remaining: dec("6"), EffectiveAt: day(1), ExpiresAt: &end}}
	fmt.Println(credit.Spendable(lots, end.Add(-time.Microsecond)), credit.Spendable(lots, end))
	// Output: 6 0
}
