package ledger_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/ledger"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// show prints a posting the way the posting rules are written.
func show(p ledger.Posting, err error) {
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range p.Entries {
		side := "Dr"
		if e.Amount.IsNegative() {
			side = "Cr"
		}
		fmt.Println(side, e.Account, e.Amount.Abs(), e.Asset)
	}
}

func ExampleCreditsGranted() {
	show(ledger.CreditsGranted("acme", "CREDIT", dec("20")))
	// Output:
	// Dr credits_issued 20 CREDIT
	// Cr wallet:acme 20 CREDIT
}

func ExampleCreditsPurchased() {
	show(ledger.CreditsPurchased("acme", ledger.LotValue{
		Asset: "CREDIT", Amount: dec("100"), Currency: "EUR", Cost: dec("90")}))
	// Output:
	// Dr credits_issued 100 CREDIT
	// Cr wallet:acme 100 CREDIT
	// Dr stripe_clearing 90 EUR
	// Cr deferred_revenue 90 EUR
}

func ExampleUsageSettled() {
	show(ledger.UsageSettled("acme", []ledger.UsagePart{
		{CreditAsset: "CREDIT", CoveredPosted: dec("7"), Currency: "EUR"},
		{CreditAsset: "CREDIT", CoveredPosted: dec("6"), Currency: "EUR", OveragePosted: dec("1")},
		{CreditAsset: "CREDIT", CoveredPosted: dec("2"), Currency: "EUR", PaidCostPosted: dec("1.8")},
	}))
	// Output:
	// Dr wallet:acme 15 CREDIT
	// Cr credits_used 15 CREDIT
	// Dr deferred_revenue 1.8 EUR
	// Dr unbilled:acme 1 EUR
	// Cr revenue:usage 2.8 EUR
}

func ExampleInvoiceFinalized() {
	show(ledger.InvoiceFinalized("acme", "EUR", ledger.InvoiceParts{
		Receivable: dec("46.91"), FeesInAdvance: dec("29"), Overage: dec("15.004"), Tax: dec("2.91"), Lines: 3}))
	// Output:
	// Dr ar:acme 46.91 EUR
	// Dr rounding 0.004 EUR
	// Cr deferred_revenue 29 EUR
	// Cr tax_payable 2.91 EUR
	// Cr unbilled:acme 15.004 EUR
}

func ExamplePaymentSucceeded() {
	show(ledger.PaymentSucceeded("acme", "EUR", dec("44")))
	// Output:
	// Dr stripe_clearing 44 EUR
	// Cr ar:acme 44 EUR
}

func ExamplePaidOutOfBand() {
	show(ledger.PaidOutOfBand("acme", "EUR", dec("44")))
	// Output:
	// Dr cash 44 EUR
	// Cr ar:acme 44 EUR
}

func ExampleProviderFee() {
	show(ledger.ProviderFee("EUR", dec("0.91")))
	// Output:
	// Dr stripe_fees 0.91 EUR
	// Cr stripe_clearing 0.91 EUR
}

func ExamplePeriodClosed() {
	show(ledger.PeriodClosed("EUR", dec("29")))
	// Output:
	// Dr deferred_revenue 29 EUR
	// Cr revenue:fees 29 EUR
}

func ExampleLotExpired() {
	show(ledger.LotExpired("acme", ledger.LotValue{
		Asset: "CREDIT", Amount: dec("7.5"), Currency: "EUR", Cost: dec("6.75")}))
	// Output:
	// Dr wallet:acme 7.5 CREDIT
	// Cr breakage 7.5 CREDIT
	// Dr deferred_revenue 6.75 EUR
	// Cr revenue:breakage 6.75 EUR
}

func ExampleLotVoided() {
	show(ledger.LotVoided("acme", "CREDIT", dec("4")))
	// Output:
	// Dr wallet:acme 4 CREDIT
	// Cr credits_issued 4 CREDIT
}

func ExampleAccountCreditGiven() {
	show(ledger.AccountCreditGiven("acme", "EUR", dec("10"), ledger.RevenueFees))
	show(ledger.AccountCreditGiven("acme", "EUR", dec("10"), ledger.DeferredRevenue))
	// Output:
	// Dr revenue:fees 10 EUR
	// Cr account_credit:acme 10 EUR
	// Dr deferred_revenue 10 EUR
	// Cr account_credit:acme 10 EUR
}

func ExampleAccountCreditUsed() {
	show(ledger.AccountCreditUsed("acme", "EUR", dec("10")))
	// Output:
	// Dr account_credit:acme 10 EUR
	// Cr ar:acme 10 EUR
}

func ExampleRefunded() {
	show(ledger.Refunded("acme", "EUR", dec("44"), ledger.Receivable("acme")))
	show(ledger.Refunded("acme", "EUR", dec("36"), ledger.DeferredRevenue))
	// Output:
	// Dr ar:acme 44 EUR
	// Cr stripe_clearing 44 EUR
	// Dr deferred_revenue 36 EUR
	// Cr stripe_clearing 36 EUR
}

func ExampleDisputeOpened() {
	show(ledger.DisputeOpened("acme", "EUR", dec("44")))
	// Output:
	// Dr dispute_hold:acme 44 EUR
	// Cr stripe_clearing 44 EUR
}

func ExampleDisputeWon() {
	show(ledger.DisputeWon("acme", "EUR", dec("44")))
	// Output:
	// Dr stripe_clearing 44 EUR
	// Cr dispute_hold:acme 44 EUR
}

func ExampleDisputeLost() {
	show(ledger.DisputeLost("acme", "EUR", dec("44")))
	// Output:
	// Dr bad_debt 44 EUR
	// Cr dispute_hold:acme 44 EUR
}

func ExampleUncollectible() {
	show(ledger.Uncollectible("acme", "EUR", dec("44")))
	// Output:
	// Dr bad_debt 44 EUR
	// Cr ar:acme 44 EUR
}

func ExampleCashUnapplied() {
	show(ledger.CashUnapplied("acme", "EUR", dec("12.34")))
	// Output:
	// Dr stripe_clearing 12.34 EUR
	// Cr unapplied_cash:acme 12.34 EUR
}

func ExampleReversal() {
	paid, err := ledger.PaymentSucceeded("acme", "EUR", dec("44"))
	show(ledger.Reversal(paid), err)
	// Output:
	// Dr ar:acme 44 EUR
	// Cr stripe_clearing 44 EUR
}
