// Package gate decides whether a feature may be used now, and what to hold for it.
//
// It owns the order of the questions: account status, entitlement, price estimate, funding; the first that fails
// denies. A denial is an answer with a reason and hints, never an error. Holds are decided against what is spendable
// less what is held already, per asset: several meters of one asset share one balance. Nothing is held for an account
// that pays nothing (unlimited, self-hosted), nor for a fiat price that will be invoiced anyway. Where the state leaves
// a doubt (an unknown status, an unknown overage mode, a price that cannot be used) the answer is deny. The package
// refuses to know leases, clocks and storage: the caller reads State under the account's lock and writes the holds in
// the same transaction.
package gate

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

// MeterQuantity is an amount of one meter.
type MeterQuantity struct {
	MeterCode string          `json:"meter_code"`
	Quantity  decimal.Decimal `json:"quantity"`
}

// Request is what the caller wants to do. Entries of one meter add up.
type Request struct {
	Now         time.Time
	FeatureCode string
	Meters      []MeterQuantity
}

// Account statuses the gate tells apart; every other one is denied.
const (
	StatusActive    = "active"
	StatusSuspended = "suspended"
	StatusParked    = "parked"
	StatusClosed    = "closed"
)

// OverageMode says what happens when usage runs past the credits.
type OverageMode string

// Invoice bills the overage later; TopUp and Block deny what the funds do not cover.
const (
	OverageInvoice OverageMode = "invoice"
	OverageTopUp   OverageMode = "top_up"
	OverageBlock   OverageMode = "block"
)

// PricedMeter is a meter's price in force and the quantity its period has so far.
type PricedMeter struct {
	Price  pricing.Price
	Asset  money.Asset
	Before decimal.Decimal
}

// State is what is true of the account at Request.Now. Lots may be of several assets; Held is per asset, holds of open
// leases included. A meter without a price is absent from Prices.
type State struct {
	AccountStatus string
	Unlimited     bool
	SelfHosted    bool
	FeatureKnown  bool
	Entitled      bool
	AllowedMeters map[string]bool
	Prices        map[string]PricedMeter
	Lots          []credit.Lot
	Held          map[money.Asset]decimal.Decimal
	OverageMode   OverageMode
}

// Hint explains an answer to a program: Type is one of api.md's families, Data holds its numbers as decimal strings.
type Hint struct {
	Type   string            `json:"type"`
	Detail string            `json:"detail"`
	Data   map[string]string `json:"data,omitempty"`
}

// Decision is the answer. Holds and Estimate are sorted by asset and have no zero amounts; Bounds are sorted by meter:
// a commit above a meter's bound is quarantined. Metered is false only where usage is not even counted (self-hosted).
// A denial carries no holds and no bounds.
type Decision struct {
	Allow    bool            `json:"allow"`
	Reason   string          `json:"reason,omitempty"`
	Metered  bool            `json:"metered"`
	Holds    []money.Amount  `json:"holds"`
	Estimate []money.Amount  `json:"estimate"`
	Bounds   []MeterQuantity `json:"bounds"`
	Hints    []Hint          `json:"hints"`
}

// Decide answers one request.
func Decide(req Request, state State) Decision {
	if reason := refusal(state); reason != "" {
		return deny(reason, Hint{Type: reason, Detail: details[reason], Data: map[string]string{"feature": req.FeatureCode}})
	}
	meters := merged(req.Meters)
	for _, m := range meters {
		if m.Quantity.IsNegative() {
			return deny(ReasonQuantityInvalid, meterHint(ReasonQuantityInvalid, m.MeterCode))
		}
		if !state.AllowedMeters[m.MeterCode] {
			return deny(ReasonMeterNotAllowed, meterHint(ReasonMeterNotAllowed, m.MeterCode))
		}
	}
	if state.SelfHosted {
		return Decision{Allow: true}
	}
	estimate, unpriced := price(meters, state.Prices)
	allowed := Decision{Allow: true, Metered: true, Estimate: estimate, Bounds: meters, Hints: unpriced}
	if state.Unlimited {
		return allowed
	}
	if len(unpriced) > 0 {
		return deny(ReasonNotConfigured, unpriced...)
	}
	holds, shortfalls := fund(req.Now, estimate, state)
	if len(shortfalls) > 0 {
		denied := deny(ReasonShortfall, shortfalls...)
		denied.Estimate = estimate
		return denied
	}
	allowed.Holds = holds
	return allowed
}

// refusal asks what needs no price: the account first, then the feature.
func refusal(state State) string {
	switch state.AccountStatus {
	case StatusActive:
	case StatusSuspended:
		return ReasonSuspended
	case StatusParked:
		return ReasonParked
	case StatusClosed:
		return ReasonClosed
	default:
		return ReasonStatusUnknown
	}
	switch {
	case !state.FeatureKnown:
		return ReasonFeatureUnknown
	case !state.Entitled:
		return ReasonNotEntitled
	}
	return ""
}

func deny(reason string, hints ...Hint) Decision {
	return Decision{Reason: reason, Metered: true, Hints: hints}
}
