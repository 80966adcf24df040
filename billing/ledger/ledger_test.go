package ledger_test

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

func TestZeroPartsAreLeftOutOfAPosting(t *testing.T) {
	t.Parallel()
	p, err := ledger.CreditsPurchased("acme", ledger.LotValue{Asset: "CREDIT", Amount: dec("5"), Currency: "EUR"})
	require.NoError(t, err)
	require.Len(t, p.Entries, 2)
	p, err = ledger.UsageSettled("acme", []ledger.UsagePart{{Currency: "EUR", OveragePosted: dec("1")}})
	require.NoError(t, err, "a settlement of overage only needs no credit asset")
	require.Len(t, p.Entries, 2)
}

func TestAnEventWithoutAmountsIsAFaultTheCallerCanTest(t *testing.T) {
	t.Parallel()
	_, err := ledger.UsageSettled("acme", nil)
	require.True(t, ledger.IsNothing(err))
	_, err = ledger.InvoiceFinalized("acme", "EUR", ledger.InvoiceParts{})
	require.True(t, ledger.IsNothing(err))
	_, err = ledger.CreditsGranted("acme", "CREDIT", decimal.Zero)
	require.True(t, ledger.IsNothing(err))
	require.False(t, ledger.IsNothing(nil))
}

func TestConstructorsRefuseWhatTheLedgerCannotHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ba, amount string
		asset      money.Asset
		code       string
	}{
		"a negative amount":                  {"acme", "-1", "EUR", ledger.CodeOutOfRange},
		"an amount finer than ledger scale":  {"acme", "0.0000000001", "EUR", ledger.CodeBadScale},
		"an amount wider than numeric(38,9)": {"acme", "100000000000000000000000000000", "EUR", ledger.CodeOutOfRange},
		"fiat in a credit asset":             {"acme", "1", "CREDIT", ledger.CodeCurrency},
		"an account without an owner":        {"", "1", "EUR", ledger.CodeAccount},
	} {
		_, err := ledger.PaymentSucceeded(c.ba, c.asset, dec(c.amount))
		require.True(t, fault.Is(err, c.code), "%s: %v", name, err)
	}
	_, err := ledger.CreditsGranted("acme", "", dec("1"))
	require.True(t, fault.Is(err, ledger.CodeCurrency))
	_, err = ledger.AccountCreditGiven("acme", "EUR", dec("1"), ledger.Cash)
	require.True(t, fault.Is(err, ledger.CodeAccount))
	_, err = ledger.Refunded("acme", "EUR", dec("1"), ledger.Receivable("other"))
	require.True(t, fault.Is(err, ledger.CodeAccount))
}

func TestTrailingZerosAreNotASmallerScale(t *testing.T) {
	t.Parallel()
	_, err := ledger.CreditsGranted("acme", "CREDIT", dec("1.000000000000"))
	require.NoError(t, err)
}

func TestBalancedRefusesEachWayOfBeingWrong(t *testing.T) {
	t.Parallel()
	cash := func(amount string, asset money.Asset) ledger.Entry {
		return ledger.Entry{Account: ledger.Cash, Asset: asset, Amount: dec(amount)}
	}
	for name, c := range map[string]struct {
		entries []ledger.Entry
		code    string
	}{
		"no entry":               {nil, ledger.CodeUnbalanced},
		"one entry":              {[]ledger.Entry{cash("1", "EUR")}, ledger.CodeUnbalanced},
		"a zero entry":           {[]ledger.Entry{cash("0", "EUR"), cash("0", "EUR")}, ledger.CodeUnbalanced},
		"a sum that is not zero": {[]ledger.Entry{cash("1", "EUR"), cash("-0.999999999", "EUR")}, ledger.CodeUnbalanced},
		"balance only across assets": {
			[]ledger.Entry{cash("1", "EUR"), cash("-1", "USD")}, ledger.CodeUnbalanced},
		"an unknown account": {
			[]ledger.Entry{{Account: "slush", Asset: "EUR", Amount: dec("1")}, cash("-1", "EUR")}, ledger.CodeAccount},
		"an owned account without its owner": {
			[]ledger.Entry{{Account: "ar:acme", Asset: "EUR", Amount: dec("1")}, cash("-1", "EUR")}, ledger.CodeAccount},
		"too fine a scale": {
			[]ledger.Entry{cash("0.0000000001", "EUR"), cash("-0.0000000001", "EUR")}, ledger.CodeBadScale},
	} {
		err := ledger.Posting{Kind: "x", Entries: c.entries}.Balanced()
		require.True(t, fault.Is(err, c.code), "%s: %v", name, err)
	}
}

func TestOnlyAccountsOfABillingAccountAreOwned(t *testing.T) {
	t.Parallel()
	for _, code := range []string{ledger.Wallet("a"), ledger.Unbilled("a"), ledger.Receivable("a"),
		ledger.AccountCredit("a"), ledger.DisputeHold("a"), ledger.UnappliedCash("a")} {
		require.True(t, ledger.IsOwned(code), code)
		require.Equal(t, "a", ledger.Owner(code))
	}
	for _, code := range []string{ledger.CreditsIssued, ledger.CreditsUsed, ledger.Breakage, ledger.StripeClearing,
		ledger.DeferredRevenue, ledger.RevenueUsage, ledger.RevenueFees, ledger.RevenueBreakage, ledger.Rounding,
		ledger.TaxPayable, ledger.StripeFees, ledger.BadDebt, ledger.Cash} {
		require.False(t, ledger.IsOwned(code), code)
		require.True(t, ledger.IsKnown(code), code)
	}
	require.False(t, ledger.IsKnown("wallet:"))
	require.False(t, ledger.IsKnown(""))
}

func TestAnInvoiceDifferenceGoesToRoundingEitherWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ receivable, overage, rounding string }{
		{"15.01", "15.005", "-0.005"}, // the rounding account is credited with what rounding gave
		{"15.00", "15.004999999", "0.004999999"},
		{"0", "0.003", "0.003"},
		{"15", "15", ""},
	} {
		p, err := ledger.InvoiceFinalized("acme", "EUR",
			ledger.InvoiceParts{Receivable: dec(c.receivable), Overage: dec(c.overage), Lines: 1})
		require.NoError(t, err)
		require.Equal(t, c.rounding, amountOf(p, ledger.Rounding))
	}
}

func TestADifferenceThatRoundingCannotMakeIsRefused(t *testing.T) {
	t.Parallel()
	parts := ledger.InvoiceParts{Receivable: dec("44"), FeesInAdvance: dec("29"), Overage: dec("14.99"), Lines: 1}
	_, err := ledger.InvoiceFinalized("acme", "EUR", parts)
	require.True(t, fault.Is(err, ledger.CodeUnbalanced), "a cent is more than one line can round")
	parts.Lines = 2
	_, err = ledger.InvoiceFinalized("acme", "EUR", parts)
	require.NoError(t, err)
	_, err = ledger.InvoiceFinalized("acme", "JPY",
		ledger.InvoiceParts{Receivable: dec("1"), Overage: dec("0.5"), Lines: 1})
	require.NoError(t, err, "half a yen is what one line may round")
	_, err = ledger.InvoiceFinalized("acme", "CREDIT", ledger.InvoiceParts{Receivable: dec("0.005")})
	require.True(t, fault.Is(err, ledger.CodeCurrency))
	_, err = ledger.InvoiceFinalized("acme", "EUR", ledger.InvoiceParts{Receivable: dec("-1"), Overage: dec("1")})
	require.True(t, fault.Is(err, ledger.CodeOutOfRange))
}

func amountOf(p ledger.Posting, account string) string {
	i := slices.IndexFunc(p.Entries, func(e ledger.Entry) bool { return e.Account == account })
	if i < 0 {
		return ""
	}
	return p.Entries[i].Amount.String()
}

func TestTelescopedPostingsSumToTheLedgerAmountOfTheExactTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		exacts := rapid.SliceOfN(exactAmount(), 1, 40).Draw(t, "exacts")
		cumulative, posted := decimal.Zero, decimal.Zero
		for _, exact := range exacts {
			part := ledger.Telescope(cumulative, exact)
			require.False(t, part.IsNegative())
			require.True(t, part.Equal(part.Truncate(9)))
			posted = posted.Add(part)
			cumulative = cumulative.Add(exact)
		}
		require.True(t, posted.Equal(money.ToLedger(cumulative)), "%s != round9(%s)", posted, cumulative)
	})
}

func TestThreeThirdsOfANanoTelescopeToOne(t *testing.T) {
	t.Parallel()
	third := dec("0.00000000033333333333")
	require.Equal(t, "0", ledger.Telescope(decimal.Zero, third).String())
	require.Equal(t, "0.000000001", ledger.Telescope(third, third).String())
	require.Equal(t, "0", ledger.Telescope(third.Add(third), third).String())
}

func TestASettlementDoesNotDependOnTheOrderOfItsParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(usagePart(), 1, 20).Draw(t, "parts")
		shuffled := rapid.Permutation(parts).Draw(t, "shuffled")
		a, errA := ledger.UsageSettled("acme", parts)
		b, errB := ledger.UsageSettled("acme", shuffled)
		require.Equal(t, ledger.IsNothing(errA), ledger.IsNothing(errB))
		if errA != nil {
			require.True(t, ledger.IsNothing(errA), "%v", errA)
			return
		}
		require.Equal(t, texts(a), texts(b))
		require.NoError(t, a.Balanced())
		require.NoError(t, ledger.Reversal(a).Balanced())
		require.Equal(t, texts(a), texts(ledger.Reversal(ledger.Reversal(a))))
	})
}

func texts(p ledger.Posting) []string {
	lines := make([]string, 0, len(p.Entries))
	for _, e := range p.Entries {
		lines = append(lines, e.Account+" "+e.Amount.StringFixed(9)+" "+string(e.Asset))
	}
	return lines
}

func exactAmount() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, 1<<50).Draw(t, "coefficient"), -rapid.Int32Range(0, 20).Draw(t, "scale"))
	})
}

func usagePart() *rapid.Generator[ledger.UsagePart] {
	return rapid.Custom(func(t *rapid.T) ledger.UsagePart {
		posted := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 1<<40).Draw(t, name), -9)
		}
		return ledger.UsagePart{
			CreditAsset:    rapid.SampledFrom([]money.Asset{"CREDIT", "PLATFORM_CREDIT", "EUR"}).Draw(t, "asset"),
			CoveredPosted:  posted("covered"),
			Currency:       rapid.SampledFrom([]money.Asset{"EUR", "USD"}).Draw(t, "currency"),
			PaidCostPosted: posted("cost"),
			OveragePosted:  posted("overage"),
		}
	})
}
