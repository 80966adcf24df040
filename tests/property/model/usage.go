package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

const (
	ahead      = 5 * time.Minute
	lateWindow = 34 * 24 * time.Hour
)

// usage is a quantity that wants a price.
type usage struct {
	account   *Account
	source    string
	feature   string
	meter     string
	quantity  decimal.Decimal
	at, heard time.Time
}

// event is a report that was accepted.
type event struct {
	usage
	status string
	reason string
}

// kept is a quantity in quarantine.
type kept struct {
	usage
	reason string
}

// counter is how much was used at one price in one period.
type counter struct {
	account *Account
	meter   string
	price   string
	start   time.Time
}

func (p Price) key() string { return p.Asset + "@" + stamp(p.From) }

// rating is a usage with its price.
type rating struct {
	usage
	price      string
	start, end time.Time
	of         *assignment // nil: the free plan
	asset      string
	currency   string
	before     decimal.Decimal
	amount     decimal.Decimal
	covered    decimal.Decimal
	overage    decimal.Decimal
	fiat       decimal.Decimal
	waived     bool
	parts      []part
	settled    bool
	invoiced   bool
}

// part is what one lot pays of a rating, or the account itself.
type part struct {
	lot    *lot
	amount decimal.Decimal
	fiat   decimal.Decimal
}

func (w *World) report(op Op) Outcome {
	if anyNegative(op.Meters) {
		return refuse("validation_failed")
	}
	a, key := w.account(op.Account), op.Account+"/report/"+op.Ref
	if out, known := w.again(key, op.Request()); known {
		return out
	}
	at := w.Now
	if op.At != nil {
		at = *op.At
	}
	if at.After(w.Now.Add(ahead)) || (op.Feature != "" && w.catalog.Features[op.Feature] == nil) || !w.areMeters(op.Meters) {
		return refuse("validation_failed")
	}
	for _, u := range merged(op.Meters) {
		e := &event{status: "accepted", usage: usage{account: a, source: op.Ref, feature: op.Feature, meter: u.Meter, quantity: u.Quantity, at: at,
			heard: w.Now}}
		if a.Mode == "self_hosted" {
			e.status, e.reason = "skipped", "self_hosted"
		}
		w.events = append(w.events, e)
	}
	w.answers[key] = answer{op.Request(), "recorded"}
	return said("recorded")
}

func (w *World) accepted(a *Account) []*event {
	var out []*event
	for _, e := range w.events {
		if e.account == a && e.status == "accepted" {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(x, y *event) int { return x.at.Compare(y.at) })
	return out
}

func (w *World) rateEvents(op Op) Outcome {
	todo := w.accepted(w.account(op.Account))
	todo = todo[:min(len(todo), op.Limit)]
	for _, e := range todo {
		e.status, e.reason = "rated", w.rate(e.usage)
		if e.reason != "" {
			e.status = "quarantined"
			w.keep(e.usage, e.reason)
		}
	}
	if len(todo) == 0 {
		return nothing("rated 0")
	}
	return said("rated %d", len(todo))
}

func (w *World) keep(u usage, reason string) { w.quarantine = append(w.quarantine, kept{u, reason}) }

// rate prices a usage by the terms of its instant and lets the lots of that instant pay; it gives the reason why it cannot.
func (w *World) rate(u usage) string {
	if u.at.Before(u.heard.Add(-lateWindow)) {
		return "late_usage"
	}
	o, _, ok := w.owner(u.account, u.at, u.feature, u.meter)
	if !ok {
		return "feature_not_entitled"
	}
	price := w.price(u.meter, u.account.currency, u.at)
	if price == nil {
		return "pricing.not_configured"
	}
	w.catchUp(u.account, price.Asset, u.at)
	span := w.usagePeriod(u.account, o, u.at)
	at := counter{u.account, u.meter, price.key(), span.Start}
	r := &rating{usage: u, price: price.key(), start: span.Start, end: span.End, of: o, asset: price.Asset, currency: u.account.currency,
		before: w.counters[at], waived: u.account.Mode == "unlimited"}
	r.amount = price.of(r.before.Add(u.quantity)).Sub(price.of(r.before))
	if !r.waived {
		r.parts = w.draw(u.account, r.asset, r.amount, u.at)
		r.overage = r.amount
		for _, p := range r.parts {
			r.covered, r.overage = r.covered.Add(p.amount), r.overage.Sub(p.amount)
		}
		worth := decimal.NewFromInt(1)
		if r.asset != r.currency && r.overage.IsPositive() {
			v := w.value(r.asset, r.currency, u.at)
			if v == nil {
				return "pricing.not_configured"
			}
			worth = v.Value
		}
		r.fiat = r.overage.Mul(worth)
	}
	w.counters[at] = r.before.Add(u.quantity)
	w.ratings = append(w.ratings, r)
	for _, p := range r.parts {
		w.activate(p.lot)
		p.lot.remaining, p.lot.consumed = p.lot.remaining.Sub(p.amount), p.lot.consumed.Add(p.amount)
		if p.lot.remaining.IsZero() {
			p.lot.status = "exhausted"
		}
	}
	if r.overage.IsPositive() {
		r.parts = append(r.parts, part{amount: r.overage, fiat: r.fiat})
		w.runForOverage(u.account)
	}
	return ""
}

// draw says which lots pay: over and over, the first in order of those that still can.
func (w *World) draw(a *Account, asset string, need decimal.Decimal, at time.Time) []part {
	var parts []part
	used := map[*lot]bool{}
	for need.IsPositive() {
		var best *lot
		for _, l := range w.lots {
			if l.account == a && l.asset == asset && l.covers(at) && !used[l] && (best == nil || l.before(best)) {
				best = l
			}
		}
		if best == nil {
			break
		}
		used[best] = true
		p := part{lot: best, amount: decimal.Min(need, best.remaining)}
		if best.cost.IsPositive() {
			p.fiat = best.cost.Mul(p.amount).DivRound(best.issued, 20)
		}
		need = need.Sub(p.amount)
		parts = append(parts, p)
	}
	return parts
}

func (w *World) unsettled(a *Account) []*rating {
	var out []*rating
	for _, r := range w.ratings {
		if r.account == a && !r.waived && !r.settled {
			out = append(out, r)
		}
	}
	return out
}

// settle puts ratings into the books, one transaction for each period they belong to.
func (w *World) settle(op Op) Outcome {
	a := w.account(op.Account)
	todo := w.unsettled(a)
	todo = slices.Clone(todo[:min(len(todo), op.Limit)])
	if len(todo) == 0 {
		return nothing("settled 0")
	}
	slices.SortStableFunc(todo, func(x, y *rating) int { return x.start.Compare(y.start) })
	for i := 0; i < len(todo); {
		n := i
		for n < len(todo) && todo[n].start.Equal(todo[i].start) {
			n++
		}
		w.settlePeriod(a, todo[i:n])
		i = n
	}
	return said("settled %d", len(todo))
}

func (w *World) settlePeriod(a *Account, ratings []*rating) {
	credits, cost, owed := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, r := range ratings {
		r.settled = true
		for _, p := range r.parts {
			if p.lot == nil {
				owed[r.currency] = owed[r.currency].Add(p.fiat)
				continue
			}
			credits[r.asset] = credits[r.asset].Add(p.amount)
			if !p.fiat.IsZero() {
				cost[a.currency] = cost[a.currency].Add(p.fiat)
			}
		}
	}
	var entries []Entry
	for _, asset := range sortedKeys(credits) {
		entries = append(entries, move(asset, w.telescope(a, "wallet", asset, credits[asset]), "wallet", "credits_used")...)
	}
	for _, currency := range sortedKeys(cost) {
		entries = append(entries, move(currency, w.telescope(a, "cost", currency, cost[currency]), "deferred_revenue", "revenue:usage")...)
	}
	for _, currency := range sortedKeys(owed) {
		entries = append(entries, move(currency, w.telescope(a, "unbilled", currency, owed[currency]), "unbilled", "revenue:usage")...)
	}
	w.post(a, "usage_settled", entries)
}
