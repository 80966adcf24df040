package credit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/fault"
)

func ptr[T any](v T) *T { return &v }

func amount(t *rapid.T, most int64) decimal.Decimal {
	return decimal.New(rapid.Int64Range(0, most).Draw(t, "amount"), -rapid.Int32Range(0, 2).Draw(t, "scale"))
}

// anyGrants draws from few values on purpose, so that ties, shared instants and exact fits are common.
func anyGrants(t *rapid.T) []credit.Grant {
	grants := make([]credit.Grant, rapid.IntRange(0, 5).Draw(t, "grants"))
	for i := range grants {
		g := credit.Grant{Name: string(rune('a' + i)), Amount: amount(t, 50), Priority: rapid.IntRange(0, 1).Draw(t, "priority"),
			Promotional: rapid.Bool().Draw(t, "promotional"), EffectiveAt: day(rapid.IntRange(1, 15).Draw(t, "effective"))}
		if rapid.Bool().Draw(t, "expires") {
			g.ExpiresAt = ptr(day(rapid.IntRange(15, 30).Draw(t, "end")))
		}
		if rapid.Bool().Draw(t, "limited") {
			g.Scope.Features = []string{"f"}
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			g.Rollover = &credit.Rollover{Max: ptr(amount(t, 30))}
		case 1:
			g.Rollover = &credit.Rollover{}
		case 2:
			g.Recurrence = &credit.Recurrence{Mode: rapid.SampledFrom([]credit.Mode{credit.Refill, credit.NewLot}).Draw(t, "mode"),
				Anchor: calendar.Anchor{At: day(rapid.IntRange(1, 7).Draw(t, "anchor")), Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Day, Count: 5}}}
			if rapid.Bool().Draw(t, "rolls") && g.Recurrence.Mode == credit.NewLot {
				g.Rollover = &credit.Rollover{Max: ptr(amount(t, 30))}
			}
		}
		grants[i] = g
	}
	return grants
}

func anySteps(t *rapid.T, grants []credit.Grant) []credit.Step {
	var steps []credit.Step
	left := map[string]decimal.Decimal{} // of uses, so that most corrections fit
	var uses []string
	at := 1
	for i := range rapid.IntRange(0, 12).Draw(t, "steps") {
		at += rapid.IntRange(0, 3).Draw(t, "days")
		s := credit.Step{Name: fmt.Sprintf("s%d", i), At: day(at), Op: rapid.SampledFrom([]credit.Op{credit.OpUse, credit.OpUse, credit.OpUse,
			credit.OpCorrect, credit.OpTopUp, credit.OpVoid, credit.OpExpire, credit.OpReset, credit.OpHold, credit.OpRefund}).Draw(t, "op")}
		some := amount(t, 60)
		switch s.Op {
		case credit.OpUse:
			s.Amount, s.Feature = &some, rapid.SampledFrom([]string{"", "f"}).Draw(t, "feature")
			left[s.Name], uses = some, append(uses, s.Name)
		case credit.OpCorrect:
			if len(uses) == 0 {
				continue
			}
			s.Ref = rapid.SampledFrom(uses).Draw(t, "ref")
			s.Amount = ptr(decimal.Min(some, left[s.Ref]))
			left[s.Ref] = left[s.Ref].Sub(*s.Amount)
		case credit.OpTopUp, credit.OpHold:
			s.Amount = &some
		case credit.OpReset:
			s.PreserveOverage = rapid.Bool().Draw(t, "preserve")
		default:
			var plain []string
			for _, g := range grants {
				if g.Recurrence == nil {
					plain = append(plain, g.Name)
				}
			}
			if len(plain) == 0 {
				continue
			}
			s.Lot = rapid.SampledFrom(plain).Draw(t, "lot")
			if s.Op == credit.OpRefund {
				s.Amount = ptr(decimal.Zero)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func conserved(t require.TestingT, r credit.Result) {
	used, balance := decimal.Zero, decimal.Zero
	for _, l := range r.Lots {
		parts := l.Remaining.Add(l.Used).Add(l.Expired).Add(l.Voided).Add(l.Lapsed)
		require.True(t, l.Granted.Equal(parts), "%s: granted %s, %s in parts: %+v", l.ID, l.Granted, parts, l)
		for _, part := range []decimal.Decimal{l.Remaining, l.Used, l.Expired, l.Voided, l.Lapsed, l.Balance} {
			require.False(t, part.IsNegative(), "%+v", l)
		}
		if n := len(l.History); n > 0 {
			require.True(t, l.History[n-1].After.Equal(l.Remaining), "the history of %s ends at what is left", l.ID)
		}
		used, balance = used.Add(l.Used), balance.Add(l.Balance)
	}
	require.True(t, balance.Equal(r.End.Total), "balances %s, total %s", balance, r.End.Total)
	drawn := decimal.Zero
	for _, s := range r.Steps {
		if s.Voided.IsZero() {
			for _, d := range s.Draws {
				drawn = drawn.Add(d.Amount)
			}
		}
	}
	require.True(t, used.Equal(drawn), "lots gave %s, uses took %s", used, drawn)
}

func modes(t *rapid.T) credit.Options {
	return credit.Options{Overage: rapid.SampledFrom([]credit.Overage{credit.Keep, credit.Carry, credit.Refuse}).Draw(t, "mode"), History: true}
}

// replayed plays what may be refused for a good reason only: a correction of a use that was refused.
func replayed(t *rapid.T, grants []credit.Grant, steps []credit.Step, o credit.Options) credit.Result {
	r, err := credit.Replay(grants, steps, o)
	if err != nil {
		require.Equal(t, credit.Refuse, o.Overage, "%v", err)
		require.Equal(t, "not_found", fault.Of(err).Fields[0].Code, "%v", err)
		t.Skip("a correction of a refused use")
	}
	return r
}

func TestWhatWasGrantedIsAccountedForAfterEveryStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants, o := anyGrants(t), modes(t)
		steps := anySteps(t, grants)
		for n := range len(steps) + 1 {
			conserved(t, replayed(t, grants, steps[:n], o))
		}
		o.Until = ptr(day(60))
		conserved(t, replayed(t, grants, steps, o))
	})
}

func TestTheOrderInWhichGrantsAreListedChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants, o := anyGrants(t), modes(t)
		o.Until = ptr(day(60))
		steps := anySteps(t, grants)
		one := replayed(t, grants, steps, o)
		other := replayed(t, rapid.Permutation(grants).Draw(t, "shuffled"), steps, o)
		byID := map[string]credit.LotResult{}
		for _, l := range other.Lots {
			byID[l.ID] = l
		}
		for _, l := range one.Lots {
			require.Equal(t, fmt.Sprintf("%+v", l), fmt.Sprintf("%+v", withEnds(byID[l.ID], l)))
		}
		require.Equal(t, fmt.Sprint(one.Steps), fmt.Sprint(other.Steps))
	})
}

// withEnds gives a lot the pointers of another that point at the same instants, so that their text can be compared.
func withEnds(l, of credit.LotResult) credit.LotResult {
	same := func(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }
	if same(l.ExpiresAt, of.ExpiresAt) && same(l.EndedAt, of.EndedAt) {
		l.ExpiresAt, l.EndedAt = of.ExpiresAt, of.EndedAt
	}
	return l
}

func TestUsesAreBurnsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lots := anyLots(t)
		order := rapid.SampledFrom([]credit.Order{credit.Standard(), credit.RestrictedFirst(), {credit.ByEffective}, nil}).Draw(t, "order")
		grants := make([]credit.Grant, len(lots))
		for i, l := range lots {
			grants[i] = credit.Grant{Name: l.ID, Amount: l.Remaining, Priority: l.Priority, Promotional: l.Promotional, EffectiveAt: l.EffectiveAt,
				ExpiresAt: l.ExpiresAt, GrantedAt: l.GrantedAt}
		}
		steps := make([]credit.Step, rapid.IntRange(0, 8).Draw(t, "uses"))
		at := 0
		for i := range steps {
			at += rapid.IntRange(0, 5).Draw(t, "days")
			steps[i] = credit.Step{At: day(at), Op: credit.OpUse, Amount: ptr(amount(t, 60))}
		}
		r, err := credit.Replay(grants, steps, credit.Options{Order: order})
		require.NoError(t, err)
		if order == nil {
			order = credit.Standard()
		}
		over := decimal.Zero
		for i, s := range steps {
			draws, rest := order.Burn(*s.Amount, lots, credit.Usage{At: s.At})
			require.Equal(t, fmt.Sprint(draws), fmt.Sprint(r.Steps[i].Draws))
			over = over.Add(rest)
			for _, d := range draws {
				for j := range lots {
					if lots[j].ID == d.LotID {
						lots[j].Remaining = lots[j].Remaining.Sub(d.Amount)
					}
				}
			}
		}
		require.True(t, over.Equal(r.End.Overage), "%s, %s", over, r.End.Overage)
	})
}

func TestACorrectionIsAsIfTheUseHadBeenSmaller(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants := anyGrants(t)
		used, returned := amount(t, 200), amount(t, 200)
		if returned.GreaterThan(used) {
			used, returned = returned, used
		}
		at := day(rapid.IntRange(1, 30).Draw(t, "at"))
		end := credit.Options{Until: ptr(day(60))}
		whole, err := credit.Replay(grants, []credit.Step{{Name: "u", At: at, Op: credit.OpUse, Amount: &used},
			{At: at, Op: credit.OpCorrect, Ref: "u", Amount: &returned}}, end)
		require.NoError(t, err)
		less, err := credit.Replay(grants, []credit.Step{{Name: "u", At: at, Op: credit.OpUse, Amount: ptr(used.Sub(returned))}}, end)
		require.NoError(t, err)
		for i := range whole.Lots {
			require.True(t, whole.Lots[i].Used.Equal(less.Lots[i].Used))
			require.True(t, whole.Lots[i].Remaining.Equal(less.Lots[i].Remaining))
			require.True(t, whole.Lots[i].Expired.Equal(less.Lots[i].Expired))
		}
		require.True(t, whole.End.Overage.Equal(less.End.Overage))
	})
}

func TestTwoUsesAreOneOfTheirSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants, a, b := anyGrants(t), amount(t, 100), amount(t, 100)
		at := day(rapid.IntRange(1, 30).Draw(t, "at"))
		o := credit.Options{Overage: rapid.SampledFrom([]credit.Overage{credit.Keep, credit.Carry}).Draw(t, "mode"), Until: ptr(day(60))}
		use := func(v decimal.Decimal) credit.Step { return credit.Step{At: at, Op: credit.OpUse, Amount: &v} }
		two, err := credit.Replay(grants, []credit.Step{use(a), use(b)}, o)
		require.NoError(t, err)
		one, err := credit.Replay(grants, []credit.Step{use(a.Add(b))}, o)
		require.NoError(t, err)
		for i := range one.Lots {
			require.True(t, one.Lots[i].Used.Equal(two.Lots[i].Used))
		}
		require.True(t, one.End.Overage.Equal(two.End.Overage))
	})
}

func TestABalanceIsAFunctionOfTheInstantItIsLookedAt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants, o := anyGrants(t), modes(t)
		steps := anySteps(t, grants)
		o.Until = ptr(day(60))
		at := day(rapid.IntRange(1, 59).Draw(t, "as of"))
		o.AsOf = []time.Time{day(60), at}
		seen := replayed(t, grants, steps, o).AsOf[1]
		o.AsOf, o.Until = nil, &at
		then := replayed(t, grants, steps, o).End
		require.True(t, seen.Total.Equal(then.Total) && seen.Overage.Equal(then.Overage) && seen.Held.Equal(then.Held), "%+v, %+v", seen, then)
	})
}

func TestAStepThatIsSentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants, o := anyGrants(t), modes(t)
		steps := anySteps(t, grants)
		var twice []credit.Step
		for i, s := range steps {
			s.Key = fmt.Sprint(i)
			twice = append(twice, s)
			if rapid.Bool().Draw(t, "again") {
				twice = append(twice, s)
			}
		}
		once, again := replayed(t, grants, steps, o), replayed(t, grants, twice, o)
		require.Equal(t, once.Movements, again.Movements)
		require.Equal(t, fmt.Sprintf("%+v", once.End), fmt.Sprintf("%+v", again.End))
	})
}

func TestEndingALotAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants := []credit.Grant{{Name: "a", Amount: amount(t, 50), EffectiveAt: day(1), ExpiresAt: ptr(day(20))}}
		op := func(o credit.Op, d int) credit.Step { return credit.Step{At: day(d), Op: o, Lot: "a"} }
		first := rapid.SampledFrom([]credit.Op{credit.OpVoid, credit.OpExpire}).Draw(t, "first")
		second := rapid.SampledFrom([]credit.Op{credit.OpVoid, credit.OpExpire}).Draw(t, "second")
		until := credit.Options{Until: ptr(day(30))}
		once, err := credit.Replay(grants, []credit.Step{op(first, 5)}, until)
		require.NoError(t, err)
		twice, err := credit.Replay(grants, []credit.Step{op(first, 5), op(second, 8)}, until)
		require.NoError(t, err)
		require.Equal(t, once.Movements, twice.Movements)
		require.True(t, once.Voided.Equal(twice.Voided) && once.Expired.Equal(twice.Expired))
		require.Equal(t, *once.Lots[0].EndedAt, *twice.Lots[0].EndedAt)
	})
}

func TestEveryUnitUsedIsPaidOrOverWhateverBecomesOfOverage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grants := anyGrants(t)
		steps := anySteps(t, grants)
		for i := range steps {
			if steps[i].Op != credit.OpUse {
				steps[i] = credit.Step{At: steps[i].At, Op: credit.OpUse, Amount: ptr(decimal.Zero)}
			}
		}
		kept := replayed(t, grants, steps, credit.Options{Overage: credit.Keep})
		carried := replayed(t, grants, steps, credit.Options{Overage: credit.Carry})
		sum := func(r credit.Result) decimal.Decimal {
			used := decimal.Zero
			for _, l := range r.Lots {
				used = used.Add(l.Used)
			}
			return used.Add(r.End.Overage)
		}
		require.True(t, sum(kept).Equal(sum(carried)), "every unit used is paid or over")
	})
}
