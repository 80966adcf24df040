package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// lease is the right to do one piece of work.
type lease struct {
	key     string
	account *Account
	feature string
	status  string
	until   time.Time
	holds   map[string]decimal.Decimal
	bounds  map[string]decimal.Decimal
	ended   int // how often it left active
}

func (w *World) held(a *Account, asset string) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range w.leases {
		if l.account == a && l.status == "active" {
			sum = sum.Add(l.holds[asset])
		}
	}
	return sum
}

func (w *World) spendable(a *Account, asset string) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range w.lots {
		if l.account == a && l.asset == asset && l.covers(w.Now) {
			sum = sum.Add(l.remaining)
		}
	}
	return decimal.Max(decimal.Zero, sum.Sub(w.held(a, asset)))
}

// verdict is the gate's answer.
type verdict struct {
	reason   string // empty: allowed
	estimate map[string]decimal.Decimal
	holds    map[string]decimal.Decimal
	bounds   map[string]decimal.Decimal
}

func (v verdict) String() string {
	if v.reason != "" {
		return fmt.Sprintf("deny %s estimate[%s]", v.reason, amounts(v.estimate))
	}
	return fmt.Sprintf("allow estimate[%s] holds[%s]", amounts(v.estimate), amounts(v.holds))
}

// amounts lists what is not zero.
func amounts(m map[string]decimal.Decimal) string {
	var out []string
	for _, asset := range sortedKeys(m) {
		if !m[asset].IsZero() {
			out = append(out, asset+":"+m[asset].String())
		}
	}
	return strings.Join(out, " ")
}

func (w *World) authorize(op Op) Outcome {
	a, key := w.account(op.Account), op.Account+"/ask/"+op.Ref
	if out, known := w.again(key, op.Request()); known {
		return out
	}
	w.expireLeases(a)
	v := w.decide(a, op)
	if v.reason == "" {
		w.leases = append(w.leases, &lease{key: op.Ref, account: a, feature: op.Feature, status: "active", until: w.Now.Add(op.TTL), holds: v.holds,
			bounds: v.bounds})
	}
	w.answers[key] = answer{op.Request(), v.String()}
	return said("%s", v)
}

// decide asks in the gate's order: account, feature, meters, prices, funds.
func (w *World) decide(a *Account, op Op) verdict {
	_, plan, entitled := w.owner(a, w.Now, op.Feature, "")
	switch {
	case a.status != "active":
		return verdict{reason: "account_" + a.status}
	case w.catalog.Features[op.Feature] == nil:
		return verdict{reason: "feature_unknown"}
	case !entitled:
		return verdict{reason: "feature_not_entitled"}
	}
	uses := merged(op.Meters)
	w.lookAtLots(a, op.Feature, uses)
	for _, u := range uses {
		if u.Quantity.IsNegative() {
			return verdict{reason: "quantity_invalid"}
		}
		if !slices.Contains(w.catalog.Features[op.Feature], u.Meter) {
			return verdict{reason: "feature.meter_not_allowed"}
		}
	}
	if a.Mode == "self_hosted" {
		return verdict{}
	}
	v := verdict{estimate: map[string]decimal.Decimal{}, holds: map[string]decimal.Decimal{}, bounds: map[string]decimal.Decimal{}}
	unpriced := false
	for _, u := range uses {
		v.bounds[u.Meter] = u.Quantity
		price := w.price(u.Meter, a.currency, w.Now)
		if price == nil {
			unpriced = true
			continue
		}
		// By the counter that the usage will be rated with.
		before := decimal.Zero
		if o, _, ok := w.owner(a, w.Now, op.Feature, u.Meter); ok {
			before = w.counters[counter{a, u.Meter, price.key(), w.usagePeriod(a, o, w.Now).Start}]
		}
		v.estimate[price.Asset] = v.estimate[price.Asset].Add(price.of(before.Add(u.Quantity)).Sub(price.of(before)))
	}
	switch {
	case a.Mode == "unlimited":
		return v
	case unpriced:
		return verdict{reason: "pricing.not_configured"}
	}
	return w.fund(a, plan, v)
}

// lookAtLots has the lots written that the asked meters' prices may be paid from.
func (w *World) lookAtLots(a *Account, feature string, uses []Use) {
	for _, u := range uses {
		price := w.price(u.Meter, a.currency, w.Now)
		if a.Mode != "self_hosted" && price != nil && slices.Contains(w.catalog.Features[feature], u.Meter) {
			w.catchUp(a, price.Asset, w.Now)
		}
	}
}

// fund holds what the lots can give: overage that is invoiced is never short.
func (w *World) fund(a *Account, plan Plan, v verdict) verdict {
	for asset, need := range v.estimate {
		free := w.spendable(a, asset)
		if plan.Overage != "invoice" {
			if need.GreaterThan(free) {
				return verdict{reason: "funding.shortfall", estimate: v.estimate}
			}
			v.holds[asset] = need
		} else if w.isCredit(asset) {
			v.holds[asset] = decimal.Min(need, free)
		}
	}
	return v
}

func (w *World) lease(key string) *lease {
	i := slices.IndexFunc(w.leases, func(l *lease) bool { return l.key == key })
	if i < 0 {
		return nil
	}
	return w.leases[i]
}

func (l *lease) end(status string) {
	l.status = status
	l.ended++
}

func (w *World) expireLeases(a *Account) {
	for _, l := range w.leases {
		if l.account == a && l.status == "active" && w.Now.After(l.until) {
			l.end("expired")
		}
	}
}

func (w *World) reap(Op) Outcome {
	over := map[*Account]bool{}
	for _, l := range w.leases {
		if l.status == "active" && w.Now.After(l.until) {
			over[l.account] = true
		}
	}
	for a := range over {
		w.expireLeases(a)
	}
	if len(over) == 0 {
		return nothing("reaped 0")
	}
	return said("reaped %d", len(over))
}

func (w *World) release(op Op) Outcome {
	l := w.lease(op.Of)
	switch {
	case l == nil:
		return refuse("not_found")
	case l.status == "committed":
		return refuse("lease_closed")
	case l.status != "active":
		return nothing("%s", l.status)
	case w.Now.After(l.until):
		l.end("expired")
	default:
		l.end("released")
	}
	return said("%s", l.status)
}

func (w *World) commit(op Op) Outcome {
	if anyNegative(op.Meters) {
		return refuse("validation_failed")
	}
	l := w.lease(op.Of)
	if l == nil {
		return refuse("not_found")
	}
	key := op.Of + "/commit/" + op.Ref
	if out, known := w.again(key, op.Request()); known {
		return out
	}
	at := w.Now
	if op.At != nil {
		at = *op.At
	}
	switch {
	case l.status == "committed":
		return refuse("lease_closed")
	case l.status == "released":
		return refuse("lease_released")
	case at.After(w.Now.Add(ahead)), !w.areMeters(op.Meters):
		return refuse("validation_failed")
	}
	late := l.status == "expired" || w.Now.After(l.until)
	if l.status == "active" {
		if late {
			l.end("expired")
		} else if op.Close {
			l.end("committed")
		}
	}
	for _, u := range merged(op.Meters) {
		w.commitMeter(l, usage{account: l.account, source: l.key + "/" + op.Ref, feature: l.feature, meter: u.Meter, quantity: u.Quantity, at: at,
			heard: w.Now}, late)
	}
	w.answers[key] = answer{op.Request(), "committed"}
	return said("committed")
}

// commitMeter rates what the lease was given for; the rest is kept.
func (w *World) commitMeter(l *lease, u usage, late bool) {
	if l.account.Mode == "self_hosted" {
		return
	}
	if late {
		w.keep(u, "lease.expired")
		return
	}
	within := decimal.Min(l.bounds[u.meter], u.quantity)
	rest := u
	rest.quantity = u.quantity.Sub(within)
	if within.IsPositive() {
		l.bounds[u.meter] = l.bounds[u.meter].Sub(within)
		part := u
		part.quantity = within
		if reason := w.rate(part); reason != "" {
			w.keep(u, reason)
			return
		}
	}
	if rest.quantity.IsPositive() {
		w.keep(rest, "lease.bounds_exceeded")
	}
}
