package credit_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/credit"
)

func TestALotPaysOnlyForWhatItIsLimitedTo(t *testing.T) {
	t.Parallel()
	s := credit.Scope{Features: []string{"f"}, Meters: []string{"m", "n"}}
	require.True(t, s.Allows(credit.Usage{Feature: "f", Meter: "n"}))
	require.False(t, s.Allows(credit.Usage{Feature: "g", Meter: "n"}))
	require.False(t, s.Allows(credit.Usage{Feature: "f", Meter: "o"}))
	require.False(t, s.Allows(credit.Usage{}), "usage that names nothing")
	require.True(t, credit.Scope{}.Allows(credit.Usage{Feature: "f"}))
}

func TestARolloverKeepsBetweenItsMinimumAndItsMaximum(t *testing.T) {
	t.Parallel()
	r := &credit.Rollover{Min: dec("5"), Max: ptr(dec("20"))}
	for left, kept := range map[string]string{"0": "5", "7": "7", "30": "20"} {
		require.Equal(t, kept, r.Keeps(dec(left)).String())
	}
	var none *credit.Rollover
	require.True(t, none.Keeps(dec("7")).IsZero())
	require.Equal(t, "7", (&credit.Rollover{}).Keeps(dec("7")).String())
}

func TestAnOrderedTopUpCountsAsIfItWereThere(t *testing.T) {
	t.Parallel()
	auto := credit.AutoTopUp{Threshold: dec("5"), Target: dec("10"), Arriving: dec("3")}
	require.True(t, auto.Amount(dec("4")).IsZero())
	require.Equal(t, "6", auto.Amount(dec("1")).String())
}

func TestCreditsAreWorthTheirRateAndMoneyBuysNoMoreThanItPaysFor(t *testing.T) {
	t.Parallel()
	require.Equal(t, "112.3456", credit.Value(dec("100"), dec("1.123456")).String())
	require.Equal(t, "1030", credit.Bought(dec("1.03"), dec("0.001")).String())
	require.True(t, credit.Value(credit.Bought(dec("1"), dec("3")), dec("3")).LessThan(dec("1")))
}

func TestAResetDropsOverageUnlessItIsPreserved(t *testing.T) {
	t.Parallel()
	grants := []credit.Grant{{Name: "a", Amount: dec("10"), EffectiveAt: day(1), Rollover: &credit.Rollover{Min: dec("5"), Max: ptr(dec("5"))}}}
	for preserve, want := range map[bool]string{false: "5 over 0; a 5/10/0/0/0", true: "2 over 0; a 2/13/0/0/0"} {
		r, err := credit.Replay(grants, []credit.Step{step(2, credit.OpUse, "13"), {At: day(3), Op: credit.OpReset, PreserveOverage: preserve}}, credit.Options{})
		require.NoError(t, err)
		require.Equal(t, want, written(r))
	}
}

func TestAVoidedLotStaysVoidedPastItsExpiryAndACancelledOneIsNotRefilled(t *testing.T) {
	t.Parallel()
	void := on("a", step(5, credit.OpVoid, ""))
	r, err := credit.Replay([]credit.Grant{{Name: "a", Amount: dec("10"), EffectiveAt: day(1), ExpiresAt: ptr(day(9))},
		{Name: "w", Amount: dec("10"), EffectiveAt: day(1), Recurrence: weekly(credit.Refill)}},
		[]credit.Step{void, step(2, credit.OpUse, "15"), step(3, credit.OpCancel, "")}, credit.Options{Until: ptr(day(30))})
	require.NoError(t, err)
	require.Equal(t, credit.Voided, r.Lots[0].Status)
	require.Equal(t, day(5), *r.Lots[0].EndedAt)
	require.Equal(t, "5", r.Lots[1].Remaining.String())
}

func TestAnOpeningBalanceIsOfALotThatWasThereBeforeTheStart(t *testing.T) {
	t.Parallel()
	grants := []credit.Grant{{Name: "before", Amount: dec("10"), EffectiveAt: day(1), Opening: ptr(dec("4"))},
		{Name: "at", Amount: dec("10"), EffectiveAt: day(5), Opening: ptr(dec("4"))}}
	r, err := credit.Replay(grants, nil, credit.Options{Start: ptr(day(5)), OpeningOverage: decimal.NewFromInt(3), Overage: credit.Carry})
	require.NoError(t, err)
	require.Equal(t, "11 over 0; before 1/9/0/0/0; at 10/0/0/0/0", written(r))
}
