package credit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/fault"
)

func ExampleReplay() {
	r, err := credit.Replay([]credit.Grant{
		{Name: "monthly", Amount: dec("100"), EffectiveAt: day(1), ExpiresAt: ptr(day(31))},
		{Name: "bought", Amount: dec("50"), EffectiveAt: day(5)},
	}, []credit.Step{
		{Name: "u", At: day(10), Op: credit.OpUse, Amount: ptr(dec("120"))},
		{At: day(11), Op: credit.OpCorrect, Ref: "u", Amount: ptr(dec("30"))},
	}, credit.Options{Until: ptr(day(31))})
	for _, l := range r.Lots {
		fmt.Println(l.ID, l.Granted, "=", l.Remaining, "left,", l.Used, "used,", l.Expired, "expired:", l.Status)
	}
	fmt.Println("returned", r.Steps[1].Returned, err)
	// Output:
	// monthly 100 = 0 left, 90 used, 10 expired: expired
	// bought 50 = 50 left, 0 used, 0 expired: active
	// returned [{bought 20} {monthly 10}] <nil>
}

func step(d int, op credit.Op, amount string) credit.Step {
	s := credit.Step{At: day(d), Op: op}
	if amount != "" {
		s.Amount = ptr(dec(amount))
	}
	return s
}

func on(lot string, s credit.Step) credit.Step {
	s.Lot = lot
	return s
}

func named(name string, s credit.Step) credit.Step {
	s.Name = name
	return s
}

func of(ref string, s credit.Step) credit.Step {
	s.Ref = ref
	return s
}

// written puts what a replay ends with into one line: total, overage, and each lot's remaining/used/expired/voided/lapsed.
func written(r credit.Result) string {
	out := []string{fmt.Sprintf("%s over %s", r.End.Total, r.End.Overage)}
	for _, l := range r.Lots {
		out = append(out, fmt.Sprintf("%s %s/%s/%s/%s/%s", l.ID, l.Remaining, l.Used, l.Expired, l.Voided, l.Lapsed))
	}
	return strings.Join(out, "; ")
}

func weekly(mode credit.Mode) *credit.Recurrence {
	return &credit.Recurrence{Mode: mode, Anchor: calendar.Anchor{At: day(1), Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Week, Count: 1}}}
}

func TestEachRuleOfAReplay(t *testing.T) {
	t.Parallel()
	plain := credit.Grant{Name: "a", Amount: dec("100"), EffectiveAt: day(1)}
	ends := plain
	ends.ExpiresAt = ptr(day(20))
	late := credit.Grant{Name: "b", Amount: dec("50"), EffectiveAt: day(10)}
	recurs := func(mode credit.Mode, roll *credit.Rollover) credit.Grant {
		return credit.Grant{Name: "w", Amount: dec("10"), EffectiveAt: day(1), Recurrence: weekly(mode), Rollover: roll}
	}
	for name, c := range map[string]struct {
		grants []credit.Grant
		steps  []credit.Step
		o      credit.Options
		want   string
	}{
		"a later grant does not pay earlier overage": {[]credit.Grant{late}, []credit.Step{step(5, credit.OpUse, "20"), step(11, credit.OpUse, "5")},
			credit.Options{}, "45 over 20; b 45/5/0/0/0"},
		"carried, it does": {[]credit.Grant{late}, []credit.Step{step(5, credit.OpUse, "20"), step(11, credit.OpUse, "5")},
			credit.Options{Overage: credit.Carry}, "25 over 0; b 25/25/0/0/0"},
		"what is granted late counts from when it is effective": {nil, []credit.Step{step(5, credit.OpUse, "20"),
			{At: day(9), Op: credit.OpGrant, Grant: &plain}}, credit.Options{}, "80 over 0; a 80/20/0/0/0"},
		"a correction after the expiry is forfeited": {[]credit.Grant{ends}, []credit.Step{named("u", step(5, credit.OpUse, "30")),
			of("u", step(20, credit.OpCorrect, "10"))}, credit.Options{}, "0 over 0; a 0/20/80/0/0"},
		"and after a void it stays void": {[]credit.Grant{plain}, []credit.Step{named("u", step(5, credit.OpUse, "30")),
			on("a", step(6, credit.OpVoid, "")), of("u", step(7, credit.OpCorrect, "10"))}, credit.Options{}, "0 over 0; a 0/20/0/80/0"},
		"a correction lowers overage first": {[]credit.Grant{late}, []credit.Step{named("u", step(11, credit.OpUse, "60")),
			of("u", step(12, credit.OpCorrect, "15"))}, credit.Options{}, "5 over 0; b 5/45/0/0/0"},
		"partial corrections follow each other": {[]credit.Grant{plain}, []credit.Step{named("u", step(5, credit.OpUse, "30")),
			of("u", step(6, credit.OpCorrect, "10")), of("u", step(7, credit.OpCorrect, "20"))}, credit.Options{}, "100 over 0; a 100/0/0/0/0"},
		"a refund voids what is unspent": {[]credit.Grant{plain}, []credit.Step{step(5, credit.OpUse, "70"), on("a", step(6, credit.OpRefund, "50"))},
			credit.Options{}, "0 over 0; a 0/70/0/30/0"},
		"a new lot each week, the old one ends": {[]credit.Grant{recurs(credit.NewLot, nil)}, []credit.Step{step(2, credit.OpUse, "4"), step(9, credit.OpUse, "4")},
			credit.Options{}, "6 over 0; w#1 0/4/6/0/0; w#2 6/4/0/0/0"},
		"rolled over in whole, the old one lives a week longer and pays first": {[]credit.Grant{recurs(credit.NewLot, &credit.Rollover{})},
			[]credit.Step{step(2, credit.OpUse, "4"), step(9, credit.OpUse, "4")}, credit.Options{}, "12 over 0; w#1 2/8/0/0/0; w#2 10/0/0/0/0"},
		"rolled over up to a maximum": {[]credit.Grant{recurs(credit.NewLot, &credit.Rollover{Max: ptr(dec("3"))})},
			[]credit.Step{step(2, credit.OpUse, "4"), step(9, credit.OpUse, "1")}, credit.Options{}, "12 over 0; w#1 2/5/0/0/3; w#2 10/0/0/0/0"},
		"the maximum is of the rule, not of each lot": {[]credit.Grant{recurs(credit.NewLot, &credit.Rollover{Max: ptr(dec("12"))})}, nil,
			credit.Options{Until: ptr(day(16))}, "22 over 0; w#1 10/0/0/0/0; w#2 2/0/0/0/8; w#3 10/0/0/0/0"},
		"refilled, nothing accumulates": {[]credit.Grant{recurs(credit.Refill, nil)}, []credit.Step{named("u", step(2, credit.OpUse, "4")),
			step(9, credit.OpUse, "1"), of("u", step(10, credit.OpCorrect, "4"))}, credit.Options{}, "9 over 0; w 9/1/0/0/10"},
		"cancelled, it comes no more": {[]credit.Grant{recurs(credit.NewLot, nil)}, []credit.Step{{At: day(2), Op: credit.OpCancel, From: ptr(day(8))}},
			credit.Options{Until: ptr(day(20))}, "0 over 0; w#1 0/0/10/0/0"},
		"a cancellation at a grant's instant comes before it": {[]credit.Grant{plain, late}, []credit.Step{step(10, credit.OpCancel, "")},
			credit.Options{}, "100 over 0; a 100/0/0/0/0; b 0/0/0/50/0"},
		"a void of an amount follows the burn order": {[]credit.Grant{plain, late}, []credit.Step{step(11, credit.OpVoid, "120")},
			credit.Options{}, "30 over 0; a 0/0/0/100/0; b 30/0/0/20/0"},
		"more than there is cannot be voided": {[]credit.Grant{plain}, []credit.Step{step(11, credit.OpVoid, "120"), on("a", step(12, credit.OpVoid, "101"))},
			credit.Options{}, "100 over 0; a 100/0/0/0/0"},
		"refused, a use draws nothing": {[]credit.Grant{plain}, []credit.Step{step(5, credit.OpUse, "101")},
			credit.Options{Overage: credit.Refuse}, "100 over 0; a 100/0/0/0/0"},
		"a void frees no place for an expiry": {[]credit.Grant{ends}, []credit.Step{on("a", step(5, credit.OpVoid, ""))},
			credit.Options{Until: ptr(day(25))}, "0 over 0; a 0/0/0/100/0"},
		"what a reset keeps gets its new end": {[]credit.Grant{{Name: "a", Amount: dec("100"), EffectiveAt: day(1), ExpiresAt: ptr(day(8)),
			Rollover: &credit.Rollover{Max: ptr(dec("30"))}}}, []credit.Step{{At: day(8), Op: credit.OpReset, ExpiresAt: ptr(day(15))}, step(9, credit.OpUse, "10")},
			credit.Options{Until: ptr(day(15))}, "0 over 0; a 0/10/20/0/70"},
		"a use after the evaluation has not happened": {[]credit.Grant{plain}, []credit.Step{step(5, credit.OpUse, "10"), step(9, credit.OpUse, "10")},
			credit.Options{Until: ptr(day(8))}, "90 over 0; a 90/10/0/0/0"},
		"credits have so many decimals": {[]credit.Grant{plain}, []credit.Step{step(5, credit.OpUse, "1.239")},
			credit.Options{Precision: ptr(int32(2))}, "98.77 over 0; a 98.77/1.23/0/0/0"},
	} {
		r, err := credit.Replay(c.grants, c.steps, c.o)
		require.NoError(t, err, name)
		require.Equal(t, c.want, written(r), name)
	}
}

func TestARefundOfSpentCreditsLeavesAReceivable(t *testing.T) {
	t.Parallel()
	r, err := credit.Replay([]credit.Grant{{Name: "a", Amount: dec("100"), EffectiveAt: day(1)}},
		[]credit.Step{step(5, credit.OpUse, "70"), on("a", step(6, credit.OpRefund, "50"))}, credit.Options{})
	require.NoError(t, err)
	require.Equal(t, "30 20", fmt.Sprint(r.Steps[1].Voided, " ", r.Steps[1].Receivable))
	require.Equal(t, "20", r.Receivable.String())
}

func TestAHoldLowersTheOngoingBalanceUntilItsRelease(t *testing.T) {
	t.Parallel()
	grants := []credit.Grant{{Name: "a", Amount: dec("10"), EffectiveAt: day(1)}}
	auto := credit.Step{At: day(4), Op: credit.OpTopUp, Auto: &credit.AutoTopUp{Threshold: dec("5"), Target: dec("20")}}
	for held, bought := range map[string]string{"4.9": "0", "5": "15", "12": "22"} {
		r, err := credit.Replay(grants, []credit.Step{named("h", step(2, credit.OpHold, held)), auto,
			of("h", step(5, credit.OpRelease, "")), of("h", step(6, credit.OpRelease, ""))}, credit.Options{})
		require.NoError(t, err)
		require.Equal(t, bought, r.Steps[1].Amount.String(), held)
		require.True(t, r.End.Held.IsZero())
		require.Equal(t, credit.Repeated, r.Steps[3].Outcome)
	}
}

func TestAReplayNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	_, err := credit.Replay([]credit.Grant{{Name: "a", Amount: dec("-1"), EffectiveAt: day(1)}, {Name: "a", EffectiveAt: day(1)}},
		[]credit.Step{{At: day(1), Op: "burn"}, step(1, credit.OpUse, ""), on("a", step(1, credit.OpUse, "-1"))},
		credit.Options{Order: credit.Order{"size", credit.ByID, credit.ByID}, Overage: "lend"})
	var places []string
	for _, f := range fault.Of(err).Fields {
		places = append(places, f.Pointer+" "+f.Code)
	}
	require.Equal(t, []string{"/order/0 rank_unknown", "/order/2 duplicate", "/overage_mode mode_unknown", "/grants/0/amount out_of_range",
		"/grants/1/name duplicate", "/steps/0/op op_unknown", "/steps/1/amount required", "/steps/2/lot field_not_allowed",
		"/steps/2/amount out_of_range"}, places)
	key := named("k", step(1, credit.OpUse, "1"))
	key.Key = "k"
	other := key
	other.Amount = ptr(dec("2"))
	_, err = credit.Replay(nil, []credit.Step{key, other}, credit.Options{})
	require.True(t, fault.Is(err, credit.CodeKeyReused), "%v", err)
	_, err = credit.Replay(nil, []credit.Step{of("nobody", step(1, credit.OpCorrect, "1"))}, credit.Options{})
	require.Equal(t, "/steps/0/ref", fault.Of(err).Fields[0].Pointer)
	_, err = credit.Replay([]credit.Grant{{Name: "w", Amount: dec("1"), EffectiveAt: day(1), Recurrence: weekly(credit.Refill)}}, nil,
		credit.Options{Until: ptr(day(1).AddDate(500, 0, 0))})
	require.True(t, fault.Is(err, credit.CodeTooMany), "%v", err)
}
