package invoicing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

var (
	first  = calendar.Interval{Start: instant("2026-01-30T23:00:00Z"), End: instant("2026-02-27T23:00:00Z")}
	second = calendar.Interval{Start: first.End, End: instant("2026-03-30T22:00:00Z")}
)

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func usage(period calendar.Interval, quantity, covered, overage string) invoicing.RatedUsage {
	return invoicing.RatedUsage{MeterCode: "api_requests", Unit: "request", Description: "API requests", Period: period,
		Asset: "CREDIT", Quantity: dec(quantity), Covered: dec(covered), Overage: dec(overage), OverageFiat: dec(overage)}
}

func show(inv invoicing.Invoice, err error) {
	for _, l := range inv.Lines {
		fmt.Println(l.Kind, l.Quantity, l.Covered, l.Overage, l.Amount.StringFixed(2))
	}
	fmt.Println("total", inv.Total.StringFixed(2), inv.Currency, "rounding", inv.Rounding, err)
}

func ExampleTotal() {
	lines := invoicing.UsageLines([]invoicing.RatedUsage{
		usage(first, "700000", "7", "0"), usage(first, "700000", "7", "0"), usage(first, "700000", "6", "1"),
		usage(first, "700000", "0", "7"), usage(first, "700000", "0", "7"),
	})
	show(invoicing.Total("EUR", append(lines, invoicing.Fee("api-starter", second, dec("29")))))
	// Output:
	// usage 3500000 20 15 15.00
	// fee 1 0 0 29.00
	// total 44.00 EUR rounding 0 <nil>
}

func ExampleUsageLines() {
	late := usage(first, "100000", "0", "0.004")
	for _, l := range invoicing.UsageLines([]invoicing.RatedUsage{
		usage(second, "1250000", "12.5", "0"), late, late}) {
		fmt.Println(l.Period, l.Quantity, l.Covered, l.Exact)
	}
	// Output:
	// [2026-01-30T23:00:00Z, 2026-02-27T23:00:00Z) 200000 0 0.008
	// [2026-02-27T23:00:00Z, 2026-03-30T22:00:00Z) 1250000 12.5 0
}

func TestEachLineIsRoundedOnceHalfAwayFromZeroAndTotalsAddRoundedLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		currency               money.Asset
		exact                  []string
		total, rounding, first string
	}{
		{"EUR", []string{"0.005", "0.005"}, "0.02", "0.01", "0.01"},
		{"EUR", []string{"0.0049", "0.0049"}, "0", "-0.0098", "0"},
		{"EUR", []string{"-0.005", "1"}, "0.99", "-0.005", "-0.01"},
		{"JPY", []string{"0.5", "2.4"}, "3", "0.1", "1"},
		{"KWD", []string{"0.0005"}, "0.001", "0.0005", "0.001"},
		{"EUR", []string{"15", "29"}, "44", "0", "15"},
	} {
		lines := make([]invoicing.Line, 0, len(c.exact))
		for i, exact := range c.exact {
			line := invoicing.Fee("fee", first, dec(exact))
			line.MeterCode = string(rune('a' + i))
			lines = append(lines, line)
		}
		inv, err := invoicing.Total(c.currency, lines)
		require.NoError(t, err)
		require.True(t, inv.Total.Equal(dec(c.total)), "%v: total %s", c, inv.Total)
		require.True(t, inv.Subtotal.Equal(dec(c.total)))
		require.True(t, inv.Rounding.Equal(dec(c.rounding)), "%v: rounding %s", c, inv.Rounding)
		require.True(t, inv.Lines[0].Amount.Equal(dec(c.first)), "%v: first %s", c, inv.Lines[0].Amount)
		require.True(t, lines[0].Amount.IsZero(), "the lines given are left alone")
	}
}

func TestPartsOfOneLineAreAddedBeforeTheyAreRounded(t *testing.T) {
	t.Parallel()
	parts := make([]invoicing.RatedUsage, 10)
	for i := range parts {
		parts[i] = usage(first, "1", "0", "0.004")
	}
	inv, err := invoicing.Total("EUR", invoicing.UsageLines(parts))
	require.NoError(t, err)
	require.Len(t, inv.Lines, 1)
	require.Equal(t, "0.04", inv.Total.String())
}

func TestTheUsageOfAPeriodStandsBeforeTheFeeOfTheNextAndLateUsageFirst(t *testing.T) {
	t.Parallel()
	lines := invoicing.UsageLines([]invoicing.RatedUsage{usage(second, "1", "0", "1"), usage(first, "1", "0", "1")})
	third := calendar.Interval{Start: second.End, End: instant("2026-04-29T22:00:00Z")}
	inv, err := invoicing.Total("EUR", append([]invoicing.Line{invoicing.Fee("plan", third, dec("29"))}, lines...))
	require.NoError(t, err)
	require.Equal(t, first, inv.Lines[0].Period)
	require.Equal(t, second, inv.Lines[1].Period)
	require.Equal(t, invoicing.KindFee, inv.Lines[2].Kind)
}

func TestPeriodsThatDifferInOneEndOnlyHaveALineEach(t *testing.T) {
	t.Parallel()
	shorter := calendar.Interval{Start: first.Start.Add(time.Hour), End: first.End}
	longer := calendar.Interval{Start: first.Start, End: second.End}
	lines := invoicing.UsageLines([]invoicing.RatedUsage{
		usage(shorter, "1", "0", "1"), usage(longer, "1", "0", "1"), usage(first, "1", "0", "1")})
	require.Len(t, lines, 3)
	require.Equal(t, []calendar.Interval{first, longer, shorter},
		[]calendar.Interval{lines[0].Period, lines[1].Period, lines[2].Period})
}

func TestCreditsOfTwoAssetsAreNotAdded(t *testing.T) {
	t.Parallel()
	other := usage(first, "1", "1", "0")
	other.Asset = "PLATFORM_CREDIT"
	lines := invoicing.UsageLines([]invoicing.RatedUsage{usage(first, "1", "1", "0"), other})
	require.Len(t, lines, 2)
	require.Equal(t, other.Key(), lines[1].Key())
}

func TestANegativeTotalAndACreditAssetAreRefused(t *testing.T) {
	t.Parallel()
	_, err := invoicing.Total("EUR", []invoicing.Line{invoicing.Fee("credit", first, dec("-0.01"))})
	require.True(t, fault.Is(err, invoicing.CodeNegative))
	_, err = invoicing.Total("CREDIT", nil)
	require.True(t, fault.Is(err, invoicing.CodeCurrency))
	inv, err := invoicing.Total("EUR", nil)
	require.NoError(t, err)
	require.True(t, inv.Total.IsZero())
}

func TestAnInvoiceDoesNotDependOnTheOrderOfItsRatings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ratings := rapid.SliceOfN(anyRating(), 0, 20).Draw(t, "ratings")
		shuffled := rapid.Permutation(ratings).Draw(t, "shuffled")
		a, errA := invoicing.Total("EUR", invoicing.UsageLines(ratings))
		b, errB := invoicing.Total("EUR", invoicing.UsageLines(shuffled))
		require.NoError(t, errA)
		require.NoError(t, errB)
		require.Equal(t, text(a), text(b))

		sum, exact := decimal.Zero, decimal.Zero
		for _, l := range a.Lines {
			sum, exact = sum.Add(l.Amount), exact.Add(l.Exact)
			require.True(t, l.Amount.Equal(l.Amount.Truncate(2)))
		}
		require.True(t, a.Total.Equal(sum))
		require.True(t, a.Rounding.Equal(sum.Sub(exact)))
		for _, r := range ratings {
			exact = exact.Sub(r.OverageFiat)
		}
		require.True(t, exact.IsZero(), "no rating is lost or counted twice")
	})
}

func text(inv invoicing.Invoice) []string {
	lines := []string{inv.Total.String(), inv.Rounding.StringFixed(9)}
	for _, l := range inv.Lines {
		lines = append(lines, fmt.Sprint(l.Kind, l.MeterCode, l.Description, l.Period, l.CoveredAsset, l.Amount,
			l.Exact.StringFixed(9), l.Quantity.StringFixed(3)))
	}
	return lines
}

func anyRating() *rapid.Generator[invoicing.RatedUsage] {
	return rapid.Custom(func(t *rapid.T) invoicing.RatedUsage {
		overage := decimal.New(rapid.Int64Range(0, 100_000).Draw(t, "overage"), -6)
		return invoicing.RatedUsage{
			MeterCode:   rapid.SampledFrom([]string{"api", "transfer"}).Draw(t, "meter"),
			Description: rapid.SampledFrom([]string{"old name", "new name"}).Draw(t, "description"),
			Period:      rapid.SampledFrom([]calendar.Interval{first, second}).Draw(t, "period"),
			Asset:       rapid.SampledFrom([]money.Asset{"CREDIT", "EUR"}).Draw(t, "asset"),
			Quantity:    decimal.New(rapid.Int64Range(0, 1000).Draw(t, "quantity"), -3),
			Overage:     overage,
			OverageFiat: overage,
		}
	})
}
