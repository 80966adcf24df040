package invoicing_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
	"github.com/durabill/durabill/fault"
)

func at(s string) calendar.Moment {
	m, err := calendar.ParseMoment(s)
	if err != nil {
		panic(err)
	}
	return m
}

func june(kind invoicing.ProrationKind, price string, changes ...proration.Change) invoicing.Proration {
	return invoicing.Proration{Kind: kind, Currency: "USD", Precision: 9, Terms: proration.Terms{Price: decimal.RequireFromString(price), Changes: changes,
		Frame: proration.Frame{Zone: "UTC", Period: &proration.Bounds{Start: at("2026-06-01"), End: at("2026-07-01")}}}}
}

func to(day, price string) proration.Change {
	return proration.Change{At: at(day), Price: decimal.RequireFromString(price)}
}

func prorated(t require.TestingT, q invoicing.Proration) invoicing.Prorated {
	p, err := invoicing.Prorate(q)
	require.NoError(t, err)
	return p
}

func TestAChangeThatIsRepeatedGivesNothingMore(t *testing.T) {
	t.Parallel()
	once := prorated(t, june(invoicing.ProrateChange, "10", to("2026-06-16", "20"))).Change
	twice := prorated(t, june(invoicing.ProrateChange, "10", to("2026-06-16", "20"), to("2026-06-16", "20"))).Change
	require.Equal(t, "5", once.Sum.String())
	require.Equal(t, once.Rows, twice.Rows)
	require.Empty(t, prorated(t, june(invoicing.ProrateChange, "10", to("2026-06-16", "10"))).Change.Rows)
	require.Empty(t, prorated(t, june(invoicing.ProrateChange, "10", to("2026-07-01", "20"))).Change.Rows)
}

func TestACreditIsAtMostWhatWasPaid(t *testing.T) {
	t.Parallel()
	q := june(invoicing.ProrateChange, "100", to("2026-06-16", "0"))
	paid := decimal.NewFromInt(30)
	q.Paid, q.Earlier = &paid, decimal.NewFromInt(10)
	require.Equal(t, "-20", prorated(t, q).Change.Credit.String())
	q.Paid = nil
	require.Equal(t, "-50", prorated(t, q).Change.Credit.String())
}

func TestWhatAChangeChargedMayBeCreditedByTheNext(t *testing.T) {
	t.Parallel()
	c := prorated(t, june(invoicing.ProrateChange, "0", to("2026-06-01", "30"), to("2026-06-11", "0"))).Change
	require.Equal(t, "30", c.Charge.String())
	require.Equal(t, "-20", c.Credit.String())
}

func TestAChangeInArrearsChargesEachPriceForItsPart(t *testing.T) {
	t.Parallel()
	q := june(invoicing.ProrateChange, "30", to("2026-06-11", "0"), to("2026-06-16", "60"))
	q.Arrears = true
	c := prorated(t, q).Change
	require.Len(t, c.Rows, 2)
	require.Equal(t, "10", c.Rows[0].Amount.String())
	require.Equal(t, "30", c.Rows[1].Amount.String())
	require.Equal(t, "40", c.Fair.String())
}

func TestAnotherIntervalKeepsTheGridOrSetsItAnew(t *testing.T) {
	t.Parallel()
	change := to("2026-06-16", "365")
	change.Interval = calendar.Cadence{Unit: calendar.Year, Count: 1}
	c := prorated(t, june(invoicing.ProrateChange, "30", change)).Change
	require.Equal(t, "350", c.Charge.String())
	change.Reset = true
	c = prorated(t, june(invoicing.ProrateChange, "30", change)).Change
	require.Equal(t, "365", c.Charge.String())
	require.Equal(t, "-15", c.Credit.String())
	change.Interval = calendar.Cadence{}
	_, err := invoicing.Prorate(june(invoicing.ProrateChange, "30", change))
	require.Equal(t, "/changes/0/reset_anchor", fault.Of(err).Fields[0].Pointer)
}

func TestCreditsAreLinesNoneOrNetted(t *testing.T) {
	t.Parallel()
	for mode, want := range map[invoicing.CreditMode][]string{invoicing.CreditLines: {"-10", "20"}, invoicing.CreditNone: {"10", "20"}, invoicing.CreditNetted: {"0", "20"}} {
		q := june(invoicing.ProrateChange, "40", to("2026-06-16", "20"))
		q.Mode = mode
		c := prorated(t, q).Change
		require.Equal(t, want[0], c.Sum.String(), mode)
		require.Equal(t, want[1], c.Next.String(), mode)
	}
}

func TestACancellationIsSpreadOverRefundOffsetAndCredit(t *testing.T) {
	t.Parallel()
	q := invoicing.Proration{Kind: invoicing.ProrateCancel, Currency: "EUR", TaxPercent: decimal.NewFromInt(20), Terms: proration.Terms{Price: decimal.NewFromInt(31),
		Frame: proration.Frame{Zone: "UTC", Unit: proration.Day, Period: &proration.Bounds{Start: at("2022-10-01"), End: at("2022-11-01")}}}}
	total, paid := decimal.RequireFromString("74.40"), decimal.RequireFromString("55.80")
	q.Paid, q.Earlier = &paid, decimal.NewFromInt(2)
	q.Cancel = invoicing.Cancellation{At: at("2022-10-15T10:00:00"), InvoiceTotal: &total}
	for on, want := range map[invoicing.OnCancel][]string{invoicing.ToRefund: {"9.9", "0", "6.9"}, invoicing.ToOffset: {"0", "16.8", "0"}, invoicing.ToCredit: {"0", "0", "16.8"}} {
		q.Cancel.On = on
		c := prorated(t, q).Cancel
		require.Equal(t, want, []string{c.Refund.String(), c.Offset.String(), c.Credit.String()}, on)
		require.Equal(t, "15", c.Used.String())
	}
	q.Cancel.Coupon = decimal.RequireFromString("3.10")
	c := prorated(t, q).Cancel
	require.Equal(t, "1.4", c.Coupon.String())
	require.Equal(t, "2.52", c.Tax.String())
	q.Cancel.Coupon = decimal.NewFromInt(32)
	_, err := invoicing.Prorate(q)
	require.Equal(t, "/coupon", fault.Of(err).Fields[0].Pointer)
}

func TestCyclesAreStubsAndWholePeriods(t *testing.T) {
	t.Parallel()
	rule := calendar.Rule{Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}, BillingDay: 15}
	q := invoicing.Proration{Kind: invoicing.ProrateCycles, Currency: "USD", Precision: 9, Rule: rule, Terms: proration.Terms{
		Frame: proration.Frame{Zone: "UTC", Unit: proration.Day, Begin: &proration.Begin{Rule: rule, Start: at("2011-01-01")}, To: at("2011-02-27")}}}
	c := prorated(t, q).Cycles
	require.Equal(t, "1.880184332", c.Number.String())
	require.Len(t, c.Parts, 3)
	q.To = at("2111-01-01")
	_, err := invoicing.Prorate(q)
	require.Equal(t, "/to", fault.Of(err).Fields[0].Pointer)
	q.To = calendar.Moment{}
	_, err = invoicing.Prorate(q)
	require.Equal(t, "/begin", fault.Of(err).Fields[0].Pointer)
}

func TestATieOfSharesIsRoundedOnce(t *testing.T) {
	t.Parallel()
	q := invoicing.Proration{Currency: "USD", Terms: proration.Terms{Price: decimal.RequireFromString("29.95"),
		Frame: proration.Frame{Zone: "UTC", Period: &proration.Bounds{Start: at("2017-02-01"), End: at("2017-03-01")}, From: at("2017-02-15")}}}
	p := prorated(t, q).Part
	require.Equal(t, "14.98", p.Amount.String())
	require.Equal(t, "14.97", p.Rest.String())
	require.Equal(t, "15", p.Precise.String())
}

func TestAChangeNeverCreditsMoreThanWasPaidNorChargesMoreThanThePrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cents := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, name), -2)
		}
		q := june(invoicing.ProrateChange, "0")
		q.Price, q.Currency = cents("old"), rapid.SampledFrom([]money.Asset{"USD", "JPY", "KWD"}).Draw(t, "currency")
		q.Unit = rapid.SampledFrom([]proration.Unit{proration.Second, proration.Day, proration.None}).Draw(t, "unit")
		paid := cents("paid")
		q.Paid, q.Earlier = &paid, cents("earlier")
		second := 0
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			second = rapid.IntRange(second, 30*86400).Draw(t, "second")
			start, _ := calendar.LoadZone("UTC")
			q.Changes = append(q.Changes, proration.Change{At: calendar.At(at("2026-06-01").In(start).Add(seconds(second))), Price: cents("new")})
		}
		c := prorated(t, q).Change
		open := decimal.Max(decimal.Zero, paid.Sub(q.Earlier))
		for _, row := range c.Rows {
			open = open.Add(row.Amount)
			require.False(t, open.IsNegative(), "more was credited than was paid")
			if row.Kind == proration.Charge {
				require.False(t, row.Amount.GreaterThan(money.Round(row.Price, q.Currency)))
			}
		}
		require.True(t, c.Sum.Equal(c.Credit.Add(c.Charge)))
		again := q
		again.Changes = append(append([]proration.Change(nil), q.Changes...), q.Changes[len(q.Changes)-1])
		require.True(t, c.Sum.Equal(prorated(t, again).Change.Sum), "the last change, repeated, is nothing more")
	})
}

func TestAPartAndItsRestAreThePrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := june(invoicing.ProratePart, "0")
		q.Price, q.Currency = decimal.New(rapid.Int64Range(0, 10_000_000).Draw(t, "cents"), -2), rapid.SampledFrom([]money.Asset{"USD", "JPY", "KWD", "CREDIT"}).Draw(t, "currency")
		zone, _ := calendar.LoadZone("UTC")
		q.From = calendar.At(at("2026-06-01").In(zone).Add(seconds(rapid.IntRange(0, 30*86400).Draw(t, "second"))))
		p := prorated(t, q).Part
		require.True(t, p.Amount.Add(p.Rest).Equal(money.Round(q.Price, q.Currency)))
		require.False(t, p.Rest.IsNegative())
	})
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func FuzzProrate(f *testing.F) {
	f.Add("change", "second", "10", "20", int64(86400), int64(31))
	f.Add("cancel", "day", "0.01", "0", int64(0), int64(1))
	f.Add("part", "none", "999999999999999", "1", int64(-5), int64(365))
	f.Fuzz(func(t *testing.T, kind, unit, price, next string, second, days int64) {
		p, err := money.ParseQuantity(price)
		if err != nil {
			return
		}
		n, err := money.ParseQuantity(next)
		if err != nil {
			return
		}
		q := june(invoicing.ProrationKind(kind), "0", proration.Change{At: calendar.At(time.Unix(1_780_000_000+second%100_000_000, 0)), Price: n})
		q.Price, q.Unit, q.Cancel.At = p, proration.Unit(unit), q.Changes[0].At
		q.Period.End = calendar.At(time.Unix(1_780_272_000, 0).AddDate(0, 0, int(1+(max(days, -days)%1000+1000)%1000)))
		out, err := invoicing.Prorate(q)
		if err != nil {
			return
		}
		if c := out.Cancel; c != nil {
			require.True(t, c.Refund.Add(c.Offset).Add(c.Credit).Equal(c.Total))
			require.False(t, c.Item.GreaterThan(money.Round(p, "USD")))
		}
		if c := out.Change; c != nil {
			require.False(t, c.Credit.Neg().GreaterThan(money.Round(p, "USD")))
		}
	})
}

func BenchmarkProration(b *testing.B) {
	q := june(invoicing.ProrateChange, "10", to("2026-06-16", "20"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := invoicing.Prorate(q); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAQuestionWithAFieldOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	one := decimal.NewFromInt(1)
	for pointer, spoil := range map[string]func(*invoicing.Proration){
		"/changes":         func(q *invoicing.Proration) { q.Changes = []proration.Change{to("2026-06-16", "20")} },
		"/paid":            func(q *invoicing.Proration) { q.Paid = &one },
		"/earlier_credits": func(q *invoicing.Proration) { q.Earlier = one },
		"/shares":          func(q *invoicing.Proration) { q.Shares = []proration.Share{{Part: 1, Whole: 2}} },
		"/at":              func(q *invoicing.Proration) { q.Cancel.At = at("2026-06-16") },
		"/coupon":          func(q *invoicing.Proration) { q.Cancel.Coupon = one },
		"/invoice_total":   func(q *invoicing.Proration) { q.Cancel.InvoiceTotal = &one },
	} {
		q := june(invoicing.ProratePart, "10")
		spoil(&q)
		_, err := invoicing.Prorate(q)
		require.Error(t, err, pointer)
		require.Equal(t, "field_not_allowed", fault.Of(err).Fields[0].Code)
		require.Equal(t, pointer, fault.Of(err).Fields[0].Pointer)
	}
	q := june(invoicing.ProrateChange, "10", to("2026-06-16", "20"))
	q.Deductions = []decimal.Decimal{one}
	_, err := invoicing.Prorate(q)
	require.Equal(t, "/deductions", fault.Of(err).Fields[0].Pointer)
}
