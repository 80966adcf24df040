package credit

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// lot is a lot in the course of a replay.
type lot struct {
	Lot
	amount                                 decimal.Decimal
	granted, used, expired, voided, lapsed decimal.Decimal
	opening                                *decimal.Decimal
	rollover                               *Rollover
	begun, ended, inOpen                   bool
	final                                  Status // of an ended lot
	endedAt                                time.Time
	cycle                                  int // rises when what was left is set anew, so that older usage gives nothing back to it
	refunded                               decimal.Decimal
	history                                []Movement
}

// rule is a grant that comes again.
type rule struct {
	grant Grant
	k     int // of the next boundary
	count int
	lots  []*lot
	end   *time.Time
}

// add makes the lot of a grant, or the first of a recurring one.
func (r *replay) add(g Grant) error {
	if g.GrantedAt.IsZero() {
		g.GrantedAt = g.EffectiveAt
	}
	g.Amount = r.cut(g.Amount)
	end, err := g.expiry()
	if err != nil {
		return err
	}
	if end != nil && end.Before(g.EffectiveAt) {
		return fault.At("/expires_at", CodeOutOfRange, "A lot cannot expire before it is effective.")
	}
	if g.Recurrence == nil {
		r.enlist(g, g.Name, end)
		return nil
	}
	return r.recur(g, end)
}

func (r *replay) recur(g Grant, end *time.Time) error {
	at, anchor := g.EffectiveAt, g.Recurrence.Anchor
	k, err := anchor.Index(at)
	if err != nil {
		return err
	}
	k++
	ru := &rule{grant: g, k: k, end: end}
	r.rules = append(r.rules, ru)
	if g.Recurrence.Mode == NewLot {
		ru.end = g.ExpiresAt
		return r.issue(ru, at)
	}
	if s := r.o.Start; s != nil && g.Opening != nil && at.Before(*s) {
		if ru.k, err = anchor.Index(*s); err != nil {
			return err
		}
		if begins, err := anchor.Boundary(ru.k); err != nil || begins.Before(*s) {
			ru.k++
		}
	}
	ru.lots = append(ru.lots, r.enlist(g, g.Name, end))
	r.schedule(len(r.rules)-1, rankBegin)
	return nil
}

// schedule puts the next boundary of a rule into the queue; a rule that has none left ends in silence.
func (r *replay) schedule(n, rank int) {
	ru := r.rules[n]
	at, err := ru.grant.Recurrence.Anchor.Boundary(ru.k)
	if err != nil || ru.end != nil && !at.Before(*ru.end) || at.After(r.until) {
		return
	}
	ru.k++
	r.q.push(event{at: at, rank: rank, lot: -1, rule: n})
}

// issue makes the lot of the period that begins at an instant, and has the next boundary scheduled.
func (r *replay) issue(ru *rule, at time.Time) error {
	ru.count++
	g := ru.grant
	if ru.count > 1 {
		g.EffectiveAt, g.GrantedAt, g.Opening = at, at, nil
	}
	ends, err := ru.grant.Recurrence.Anchor.Boundary(ru.k)
	if err != nil {
		return err
	}
	expires := &ends
	if g.ExpiresAfter != nil {
		if expires, err = g.expiry(); err != nil {
			return err
		}
	} else if ru.end != nil && ru.end.Before(ends) {
		expires = ru.end
	}
	ru.lots = append(ru.lots, r.enlist(g, fmt.Sprintf("%s#%d", g.Name, ru.count), expires))
	r.schedule(slices.Index(r.rules, ru), rankRoll)
	return nil
}

func (r *replay) enlist(g Grant, id string, expires *time.Time) *lot {
	l := &lot{Lot: Lot{ID: id, Remaining: g.Amount, Priority: g.Priority, Promotional: g.Promotional, Scope: g.Scope,
		EffectiveAt: g.EffectiveAt, ExpiresAt: expires, GrantedAt: g.GrantedAt}, amount: g.Amount, granted: g.Amount,
		opening: g.Opening, rollover: g.Rollover}
	r.byLot[id] = len(r.lots)
	r.lots = append(r.lots, l)
	r.q.push(event{at: l.EffectiveAt, rank: rankBegin, lot: len(r.lots) - 1})
	r.expiring(l)
	return l
}

func (r *replay) expiring(l *lot) {
	if l.ExpiresAt != nil {
		r.q.push(event{at: *l.ExpiresAt, rank: rankExpire, lot: r.byLot[l.ID]})
	}
}

// happen is what time does to lots.
func (r *replay) happen(e event) error {
	switch {
	case e.rank == rankRoll:
		return r.roll(e)
	case e.rank == rankSettle:
		r.settles = false
		r.settle(e.at)
		r.carry = false
	case e.rank == rankExpire:
		if l := r.lots[e.lot]; !l.ended && l.ExpiresAt != nil && l.ExpiresAt.Equal(e.at) {
			r.finish(l, Expired, e.at, -1)
		}
	case e.lot < 0:
		r.refill(e)
	default:
		r.begin(r.lots[e.lot], e.at)
	}
	return nil
}

func (r *replay) begin(l *lot, at time.Time) {
	if l.ended {
		return
	}
	l.begun = true
	r.note(l, Movement{At: at, Step: -1, Kind: MovedGranted, Amount: l.amount})
	if l.opening != nil && r.o.Start != nil && at.Before(*r.o.Start) {
		gone := l.Remaining.Sub(*l.opening)
		l.Remaining, l.used = *l.opening, gone
		r.note(l, Movement{At: *r.o.Start, Step: -1, Kind: MovedUsed, Amount: gone})
	}
	r.enter(l)
	r.arrived(at)
}

// refill sets a lot back to its full amount; what was left lapses.
func (r *replay) refill(e event) {
	ru := r.rules[e.rule]
	l := ru.lots[0]
	if l.ended || ru.end != nil && !e.at.Before(*ru.end) {
		return
	}
	r.recurrences++
	r.lapse(l, l.Remaining, e.at, -1)
	l.cycle++
	l.granted = l.granted.Add(l.amount)
	r.give(l, l.amount)
	r.note(l, Movement{At: e.at, Step: -1, Kind: MovedGranted, Amount: l.amount})
	r.arrived(e.at)
	r.schedule(e.rule, rankBegin)
}

// roll ends a period of a rule: what the rollover keeps of the lots that end with it passes into the next, whose own lot begins.
func (r *replay) roll(e event) error {
	ru := r.rules[e.rule]
	if ru.end != nil && !e.at.Before(*ru.end) {
		return nil
	}
	r.recurrences++
	if err := r.issue(ru, e.at); err != nil {
		return err
	}
	ends := ru.lots[len(ru.lots)-1].ExpiresAt
	keep := ru.grant.Rollover
	if keep == nil {
		return nil
	}
	room := keep.Max
	for _, l := range r.inOrder(ru.lots[:len(ru.lots)-1]) {
		if l.ended || l.ExpiresAt == nil || !l.ExpiresAt.Equal(e.at) {
			continue
		}
		kept := l.Remaining
		if room != nil {
			kept = decimal.Min(kept, *room)
			left := room.Sub(kept)
			room = &left
		}
		if !kept.IsPositive() {
			continue // the expiry, next, takes the rest
		}
		r.lapse(l, l.Remaining.Sub(kept), e.at, -1)
		l.ExpiresAt = ends
		r.expiring(l)
	}
	r.resort()
	return nil
}

func (r *replay) inOrder(lots []*lot) []*lot {
	ordered := slices.Clone(lots)
	slices.SortStableFunc(ordered, r.compare)
	return ordered
}

func (r *replay) compare(a, b *lot) int { return r.order.compare(&a.Lot, &b.Lot) }

func (r *replay) resort() { slices.SortStableFunc(r.open, r.compare) }

// enter puts a lot among those that may pay.
func (r *replay) enter(l *lot) {
	if l.inOpen {
		return
	}
	at, _ := slices.BinarySearchFunc(r.open, l, r.compare)
	r.open = slices.Insert(r.open, at, l)
	l.inOpen = true
	if !l.Remaining.IsPositive() {
		r.spent++
	}
}

func (r *replay) payable() iter.Seq[*Lot] {
	return func(yield func(*Lot) bool) {
		for _, l := range r.open {
			if !yield(&l.Lot) {
				return
			}
		}
	}
}

// take lowers what is left of a lot. Lots with nothing left are swept out when they are more than half.
func (r *replay) take(l *lot, amount decimal.Decimal) {
	if !amount.IsPositive() {
		return
	}
	l.Remaining = l.Remaining.Sub(amount)
	if l.Remaining.IsPositive() || !l.inOpen {
		return
	}
	if r.spent++; 2*r.spent > len(r.open)+16 {
		r.open = slices.DeleteFunc(r.open, func(l *lot) bool {
			l.inOpen = l.Remaining.IsPositive()
			return !l.inOpen
		})
		r.spent = 0
	}
}

// give raises what is left of a lot that lives.
func (r *replay) give(l *lot, amount decimal.Decimal) {
	if !amount.IsPositive() {
		return
	}
	if l.inOpen && !l.Remaining.IsPositive() {
		r.spent--
	}
	l.Remaining = l.Remaining.Add(amount)
	r.enter(l)
}

func (r *replay) lapse(l *lot, amount decimal.Decimal, at time.Time, step int) {
	r.take(l, amount)
	l.lapsed = l.lapsed.Add(amount)
	r.note(l, Movement{At: at, Step: step, Kind: MovedLapsed, Amount: amount})
}

// finish ends a lot for good; what is left goes where its end says.
func (r *replay) finish(l *lot, how Status, at time.Time, step int) decimal.Decimal {
	left := l.Remaining
	r.take(l, left)
	kind := MovedExpired
	if how == Voided {
		kind, l.voided = MovedVoided, l.voided.Add(left)
	} else {
		l.expired = l.expired.Add(left)
	}
	l.ended, l.final, l.endedAt = true, how, at
	r.note(l, Movement{At: at, Step: step, Kind: kind, Amount: left})
	return left
}

func (r *replay) note(l *lot, m Movement) {
	if !m.Amount.IsPositive() {
		return
	}
	r.movements++
	if r.o.History {
		m.After = l.Remaining
		l.history = append(l.history, m)
	}
}
