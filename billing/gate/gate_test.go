package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

var now = time.Date(2026, 2, 5, 10, 0, 0, 0, time.UTC)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func priced(asset money.Asset, amount, per string) gate.PricedMeter {
	return gate.PricedMeter{Asset: asset, Price: pricing.Price{Version: 1, Model: pricing.ModelPerUnit,
		Amount: dec(amount), PerUnits: dec(per)}}
}

func lot(remaining string, asset money.Asset) credit.Lot {
	return credit.Lot{ID: "lot", Asset: asset, Remaining: dec(remaining), EffectiveAt: now}
}

// open is an active account with 20 CREDIT, 5 of them held, that may use api (1 CREDIT per 100,000), gb (1 per 25),
// fax (0.10 EUR) and ai, which has no price.
func open(mode gate.OverageMode) gate.State {
	return gate.State{
		AccountStatus: gate.StatusActive, FeatureKnown: true, Entitled: true,
		AllowedMeters: map[string]bool{"api": true, "gb": true, "fax": true, "ai": true},
		Prices: map[string]gate.PricedMeter{
			"api": priced("CREDIT", "1", "100000"), "gb": priced("CREDIT", "1", "25"), "fax": priced("EUR", "0.10", "1")},
		Lots:        []credit.Lot{lot("20", "CREDIT")},
		Held:        map[money.Asset]decimal.Decimal{"CREDIT": dec("5")},
		OverageMode: mode,
	}
}

func ask(meters ...string) gate.Request {
	req := gate.Request{Now: now, FeatureCode: "api"}
	for i := 0; i < len(meters); i += 2 {
		req.Meters = append(req.Meters, gate.MeterQuantity{MeterCode: meters[i], Quantity: dec(meters[i+1])})
	}
	return req
}

func amounts(list []money.Amount) []string {
	var texts []string
	for _, a := range list {
		texts = append(texts, a.Value.String()+" "+string(a.Asset))
	}
	return texts
}

func ExampleDecide() {
	d := gate.Decide(ask("api", "700000"), open(gate.OverageInvoice))
	fmt.Println(d.Allow, amounts(d.Holds))
	d = gate.Decide(ask("api", "1600000"), open(gate.OverageBlock))
	fmt.Println(d.Allow, d.Reason, d.Hints[0].Data)
	// Output:
	// true [7 CREDIT]
	// false funding.shortfall map[available:15 currency:CREDIT needed:16]
}

func TestTheFirstQuestionThatFailsGivesTheReason(t *testing.T) {
	t.Parallel()
	for reason, spoil := range map[string]func(*gate.State){
		gate.ReasonSuspended:       func(s *gate.State) { s.AccountStatus, s.FeatureKnown = "suspended", false },
		gate.ReasonParked:          func(s *gate.State) { s.AccountStatus, s.Entitled = "parked", false },
		gate.ReasonClosed:          func(s *gate.State) { s.AccountStatus, s.SelfHosted = "closed", true },
		gate.ReasonStatusUnknown:   func(s *gate.State) { s.AccountStatus, s.Unlimited = "", true },
		gate.ReasonFeatureUnknown:  func(s *gate.State) { s.FeatureKnown, s.Entitled = false, false },
		gate.ReasonNotEntitled:     func(s *gate.State) { s.Entitled, s.AllowedMeters = false, nil },
		gate.ReasonMeterNotAllowed: func(s *gate.State) { s.AllowedMeters, s.Prices = nil, nil },
		gate.ReasonNotConfigured:   func(s *gate.State) { s.Prices, s.Lots = nil, nil },
		gate.ReasonShortfall:       func(s *gate.State) { s.Lots = nil },
	} {
		state := open(gate.OverageBlock)
		spoil(&state)
		d := gate.Decide(ask("api", "100000"), state)
		require.False(t, d.Allow, reason)
		require.Equal(t, reason, d.Reason)
		require.Empty(t, d.Holds, reason)
		require.Empty(t, d.Bounds, reason)
		require.NotEmpty(t, d.Hints, reason)
		require.Equal(t, reason, d.Hints[0].Type)
		require.NotEmpty(t, d.Hints[0].Detail)
	}
	d := gate.Decide(ask("api", "-1"), open(gate.OverageInvoice))
	require.Equal(t, gate.ReasonQuantityInvalid, d.Reason)
}

func TestInvoicedOverageAlwaysAllowsAndHoldsWhatIsFree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quantity, held string
		holds          []string
	}{
		{"700000", "5", []string{"7 CREDIT"}},
		{"1500000", "5", []string{"15 CREDIT"}},
		{"2800000", "5", []string{"15 CREDIT"}},
		{"700000", "20", nil},
		{"700000", "25", nil}, // more held than spendable: a lot expired under an open lease
		{"0", "5", nil},
	} {
		state := open(gate.OverageInvoice)
		state.Held["CREDIT"] = dec(c.held)
		d := gate.Decide(ask("api", c.quantity), state)
		require.True(t, d.Allow)
		require.Empty(t, d.Reason)
		require.Equal(t, c.holds, amounts(d.Holds), "%v", c)
	}
}

func TestTopUpAndBlockDenyAboveWhatIsFreeAndNotAtIt(t *testing.T) {
	t.Parallel()
	for _, mode := range []gate.OverageMode{gate.OverageTopUp, gate.OverageBlock, "no such mode"} {
		d := gate.Decide(ask("api", "1500000"), open(mode))
		require.True(t, d.Allow, mode)
		require.Equal(t, []string{"15 CREDIT"}, amounts(d.Holds))
		d = gate.Decide(ask("api", "1500001"), open(mode))
		require.False(t, d.Allow, mode)
		require.Equal(t, map[string]string{"needed": "15.00001", "available": "15", "currency": "CREDIT"}, d.Hints[0].Data)
		require.Equal(t, []string{"15.00001 CREDIT"}, amounts(d.Estimate))
	}
}

func TestMetersOfOneAssetShareOneBalance(t *testing.T) {
	t.Parallel()
	d := gate.Decide(ask("gb", "200", "api", "800000"), open(gate.OverageBlock))
	require.False(t, d.Allow, "8 and 8 are each below 15 and together above it")
	require.Equal(t, "16", d.Hints[0].Data["needed"])
	d = gate.Decide(ask("gb", "200", "api", "700000"), open(gate.OverageBlock))
	require.True(t, d.Allow)
	require.Equal(t, []string{"15 CREDIT"}, amounts(d.Holds))
}

func TestEntriesOfOneMeterArePricedTogether(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageBlock)
	m := priced("CREDIT", "1", "100")
	m.Price.Model, m.Price.FreeUnits, m.Before = pricing.ModelPackage, dec("50"), dec("50")
	state.Prices["api"] = m
	d := gate.Decide(ask("api", "10", "api", "20"), state)
	require.Equal(t, []string{"1 CREDIT"}, amounts(d.Estimate), "one package is begun, not two")
	require.Equal(t, []gate.MeterQuantity{{MeterCode: "api", Quantity: dec("30")}}, d.Bounds)
	m.Before = dec("60")
	state.Prices["api"] = m
	require.Empty(t, gate.Decide(ask("api", "30"), state).Estimate, "the package begun earlier still has room")
}

func TestAFiatPriceIsHeldOnlyWhereOverageIsDenied(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageInvoice)
	state.Lots = append(state.Lots, lot("3", "EUR"))
	d := gate.Decide(ask("fax", "20", "api", "100000"), state)
	require.Equal(t, []string{"1 CREDIT"}, amounts(d.Holds))
	require.Equal(t, []string{"1 CREDIT", "2 EUR"}, amounts(d.Estimate))
	state.OverageMode = gate.OverageBlock
	require.Equal(t, []string{"1 CREDIT", "2 EUR"}, amounts(gate.Decide(ask("fax", "20", "api", "100000"), state).Holds))
	d = gate.Decide(ask("fax", "31"), state)
	require.Equal(t, "EUR", d.Hints[0].Data["currency"])
}

func TestAnUnlimitedAccountIsAllowedMeteredAndHoldsNothing(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageBlock)
	state.Unlimited, state.Lots = true, nil
	d := gate.Decide(ask("api", "99000000"), state)
	require.True(t, d.Allow)
	require.True(t, d.Metered)
	require.Empty(t, d.Holds)
	require.Len(t, d.Bounds, 1)
	d = gate.Decide(ask("ai", "1"), state)
	require.True(t, d.Allow)
	require.Equal(t, gate.HintNotConfigured, d.Hints[0].Type)
}

func TestASelfHostedAccountIsAllowedAndNotMetered(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageBlock)
	state.SelfHosted, state.Lots, state.Prices = true, nil, nil
	require.Equal(t, gate.Decision{Allow: true}, gate.Decide(ask("api", "99000000"), state))
}

func TestAMeterWithoutAUsablePriceIsDeniedByName(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageInvoice)
	state.Prices["gb"] = gate.PricedMeter{Asset: "CREDIT"}
	d := gate.Decide(ask("gb", "1", "ai", "1", "api", "1"), state)
	require.Equal(t, gate.ReasonNotConfigured, d.Reason)
	require.Len(t, d.Hints, 2)
	require.Equal(t, "ai", d.Hints[0].Data["meter"])
	require.Equal(t, "gb", d.Hints[1].Data["meter"])
}

func TestAFeatureWithoutMetersIsAllowedWithoutAHold(t *testing.T) {
	t.Parallel()
	d := gate.Decide(ask(), open(gate.OverageBlock))
	require.True(t, d.Allow)
	require.Empty(t, d.Holds)
	require.Empty(t, d.Bounds)
}

func TestALotOutsideItsWindowIsNotSpendable(t *testing.T) {
	t.Parallel()
	state := open(gate.OverageBlock)
	state.Lots[0].ExpiresAt = &now
	require.Equal(t, "0", gate.Decide(ask("api", "1"), state).Hints[0].Data["available"])
}

func TestHoldsNeverExceedWhatIsFreeNorTheEstimate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := open(rapid.SampledFrom([]gate.OverageMode{"invoice", "top_up", "block"}).Draw(t, "mode"))
		left, held := rapid.Int64Range(0, 100).Draw(t, "left"), rapid.Int64Range(0, 120).Draw(t, "held")
		state.Lots[0].Remaining = decimal.NewFromInt(left)
		state.Held["CREDIT"] = decimal.NewFromInt(held)
		api := decimal.NewFromInt(rapid.Int64Range(0, 5_000_000).Draw(t, "api"))
		gb := decimal.NewFromInt(rapid.Int64Range(0, 1_000).Draw(t, "gb"))
		meters := rapid.Permutation([]gate.MeterQuantity{{MeterCode: "api", Quantity: api},
			{MeterCode: "gb", Quantity: gb}}).Draw(t, "meters")
		d := gate.Decide(gate.Request{Now: now, Meters: meters}, state)

		free := decimal.NewFromInt(max(0, left-held))
		need := api.Div(dec("100000")).Add(gb.Div(dec("25")))
		hold := decimal.Zero
		for _, h := range d.Holds {
			require.True(t, h.Value.IsPositive())
			hold = hold.Add(h.Value)
		}
		require.Equal(t, state.OverageMode == gate.OverageInvoice || need.LessThanOrEqual(free), d.Allow)
		if d.Allow {
			require.True(t, hold.Equal(decimal.Min(need, free)))
		} else {
			require.Empty(t, d.Holds)
		}
	})
}
