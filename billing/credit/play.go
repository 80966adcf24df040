package credit

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// step does what one step says.
func (r *replay) step(i int) error {
	s, out := &r.steps[i], &r.results[i]
	out.Outcome, out.AppliedAt = Applied, s.At
	var err error
	switch s.Op {
	case OpUse:
		r.use(i, s, out)
	case OpCorrect:
		err = r.correct(i, s, out)
	case OpGrant:
		out.LotID, out.Amount = s.Grant.Name, s.Grant.Amount
	case OpTopUp:
		err = r.topUp(i, s, out)
	case OpVoid, OpExpire:
		err = r.remove(i, s, out)
	case OpRefund:
		err = r.refund(i, s, out)
	case OpReset:
		r.reset(i, s)
	case OpHold:
		r.held = r.held.Add(*s.Amount)
	case OpRelease:
		err = r.release(s, out)
	case OpCancel:
		err = r.cancel(i, s, out)
	}
	if err != nil {
		return invalid(nested(index("/steps", i), err))
	}
	return nil
}

func (r *replay) use(i int, s *Step, out *StepResult) {
	usage := Usage{At: s.At, Feature: s.Feature, Meter: s.Meter}
	u := &use{usage: usage}
	if !s.Amount.IsPositive() {
		r.uses[i], out.Outcome = u, Unchanged
		return
	}
	draws, over := drain(*s.Amount, r.payable(), usage)
	if r.o.Overage == Refuse && over.IsPositive() {
		out.Outcome, out.Overage = Refused, over
		return
	}
	u.overage = over
	r.uses[i] = u
	r.draw(i, draws, s.At)
	if over.IsPositive() {
		r.overage = r.overage.Add(over)
		r.owing = append(r.owing, i)
	}
}

// draw books what lots pay for the use of a step.
func (r *replay) draw(i int, draws []Draw, at time.Time) {
	u := r.uses[i]
	for _, d := range draws {
		l := r.lots[r.byLot[d.LotID]]
		l.used = l.used.Add(d.Amount)
		r.take(l, d.Amount)
		r.note(l, Movement{At: at, Step: r.stepOf(i), Kind: MovedUsed, Amount: d.Amount})
		u.draws, u.cycles = append(u.draws, d), append(u.cycles, l.cycle)
	}
}

// stepOf is the step of a use; the opening overage has none.
func (r *replay) stepOf(i int) int {
	if i == len(r.steps) {
		return -1
	}
	return i
}

// arrived has overage that waits for credit paid by what came at this instant, once all of it has come.
func (r *replay) arrived(at time.Time) {
	if (r.carry || r.o.Overage == Carry) && !r.settles && len(r.owing) > 0 {
		r.settles = true
		r.q.push(event{at: at, rank: rankSettle})
	}
}

// settle pays overage from the lots, oldest first. The lots must cover the instant of payment.
func (r *replay) settle(at time.Time) {
	var still []int
	for n, i := range r.owing {
		if r.spent == len(r.open) {
			still = append(still, r.owing[n:]...)
			break
		}
		u := r.uses[i]
		if !u.overage.IsPositive() {
			continue
		}
		usage := u.usage
		usage.At = at
		draws, over := drain(u.overage, r.payable(), usage)
		r.overage = r.overage.Sub(u.overage).Add(over)
		u.overage = over
		r.draw(i, draws, at)
		if over.IsPositive() {
			still = append(still, i)
		}
	}
	r.owing = still
}

// correct makes a use smaller: what was used last goes back first, the overage and then the lots in reverse. A part of a lot that has
// ended or was set anew since is forfeited.
func (r *replay) correct(i int, s *Step, out *StepResult) error {
	n, there := r.byStep[s.Ref]
	if !there || r.steps[n].Op != OpUse || r.uses[n] == nil {
		return fault.At("/ref", CodeUnknown, "There is no such use at that instant.")
	}
	u := r.uses[n]
	if s.Amount.GreaterThan(u.total()) {
		return fault.At("/amount", CodeOutOfRange, "A correction cannot exceed what is left of the use.")
	}
	rest := *s.Amount
	owed := decimal.Min(rest, u.overage)
	u.overage, r.overage, rest = u.overage.Sub(owed), r.overage.Sub(owed), rest.Sub(owed)
	forgotten := decimal.Min(rest, u.dropped)
	u.dropped, rest = u.dropped.Sub(forgotten), rest.Sub(forgotten)
	back, kept, _ := Return(u.draws, rest)
	for j, d := range back {
		r.restore(i, d, u.cycles[len(u.draws)-1-j], out)
	}
	u.draws, u.cycles = kept, u.cycles[:len(kept)]
	if r.o.Overage == Carry {
		r.settle(s.At)
	}
	if !s.Amount.IsPositive() {
		out.Outcome = Unchanged
	}
	return nil
}

func (r *replay) restore(i int, d Draw, cycle int, out *StepResult) {
	l := r.lots[r.byLot[d.LotID]]
	at := r.steps[i].At
	l.used = l.used.Sub(d.Amount)
	if !l.ended && l.cycle == cycle {
		r.give(l, d.Amount)
		out.Returned = append(out.Returned, d)
		r.note(l, Movement{At: at, Step: i, Kind: MovedReturned, Amount: d.Amount})
		return
	}
	switch {
	case l.final == Voided:
		l.voided = l.voided.Add(d.Amount)
	case l.ended:
		l.expired = l.expired.Add(d.Amount)
	default:
		l.lapsed = l.lapsed.Add(d.Amount)
	}
	out.Forfeited = append(out.Forfeited, d)
	r.note(l, Movement{At: at, Step: i, Kind: MovedForfeited, Amount: d.Amount})
}

func (r *replay) topUp(i int, s *Step, out *StepResult) error {
	amount := out.Amount
	if s.Auto != nil {
		amount = r.cut(s.Auto.Amount(r.ongoing(s.At)))
		out.Amount = amount
	}
	if !amount.IsPositive() {
		out.Outcome = Unchanged
		return nil
	}
	if s.ExpiresAt != nil && !s.ExpiresAt.After(s.At) {
		return fault.At("/expires_at", CodeOutOfRange, "A lot cannot expire before it is effective.")
	}
	id := s.Name
	if id == "" {
		id = fmt.Sprintf("top_up-%d", i+1)
	}
	if _, taken := r.byLot[id]; taken {
		return fault.At("/name", "duplicate", "There is a lot of this name.")
	}
	out.LotID = id
	r.enlist(Grant{Amount: amount, EffectiveAt: s.At, GrantedAt: s.At}, id, s.ExpiresAt)
	return nil
}

func (r *replay) named(id string) (*lot, error) {
	n, there := r.byLot[id]
	if !there {
		return nil, fault.At("/lot", CodeUnknown, "There is no such lot at that instant.")
	}
	return r.lots[n], nil
}

// remove voids or expires what is left of a lot, or voids a part.
func (r *replay) remove(i int, s *Step, out *StepResult) error {
	if s.Lot == "" {
		r.voidAny(i, s, out)
		return nil
	}
	l, err := r.named(s.Lot)
	if err != nil {
		return err
	}
	if l.ended {
		out.Outcome, out.AppliedAt = Unchanged, l.endedAt
		if (l.final == Voided) == (s.Op == OpVoid) {
			out.Outcome = Repeated
		}
		return nil
	}
	if s.Op == OpExpire {
		out.Expired = r.finish(l, Expired, s.At, i)
		return nil
	}
	left := l.Remaining
	if s.Amount == nil {
		r.finish(l, Voided, s.At, i)
	} else if left = *s.Amount; left.GreaterThan(l.Remaining) {
		out.Outcome = Refused
		return nil
	} else {
		r.void(l, left, s.At, i)
	}
	out.Voided, out.Draws = left, drawOf(l.ID, left)
	return nil
}

func drawOf(id string, amount decimal.Decimal) []Draw {
	if !amount.IsPositive() {
		return nil
	}
	return []Draw{{LotID: id, Amount: amount}}
}

func (r *replay) void(l *lot, amount decimal.Decimal, at time.Time, step int) {
	r.take(l, amount)
	l.voided = l.voided.Add(amount)
	r.note(l, Movement{At: at, Step: step, Kind: MovedVoided, Amount: amount})
}

// voidAny takes an amount from all lots in the order in which they would pay, whatever they are limited to.
func (r *replay) voidAny(i int, s *Step, out *StepResult) {
	rest := *s.Amount
	if rest.GreaterThan(r.total(s.At)) {
		out.Outcome = Refused
		return
	}
	for _, l := range slices.Clone(r.open) {
		if !rest.IsPositive() {
			break
		}
		if !l.covers(s.At) {
			continue
		}
		part := decimal.Min(rest, l.Remaining)
		r.void(l, part, s.At, i)
		out.Draws = append(out.Draws, Draw{LotID: l.ID, Amount: part})
		rest = rest.Sub(part)
	}
	out.Voided = *s.Amount
	if !s.Amount.IsPositive() {
		out.Outcome = Unchanged
	}
}

// refund voids the unspent part of a lot first; the rest has been used and becomes a receivable.
func (r *replay) refund(i int, s *Step, out *StepResult) error {
	l, err := r.named(s.Lot)
	if err != nil {
		return err
	}
	if s.Amount.GreaterThan(l.granted.Sub(l.refunded)) {
		return fault.At("/amount", CodeOutOfRange, "A refund cannot exceed what was granted and not refunded yet.")
	}
	l.refunded = l.refunded.Add(*s.Amount)
	out.Voided = decimal.Min(*s.Amount, l.Remaining)
	out.Receivable = s.Amount.Sub(out.Voided)
	out.Draws = drawOf(l.ID, out.Voided)
	r.receivable = r.receivable.Add(out.Receivable)
	r.void(l, out.Voided, s.At, i)
	if !s.Amount.IsPositive() {
		out.Outcome = Unchanged
	}
	return nil
}

// reset begins a new period of usage. A lot that ends at this instant is rolled only if the reset gives what it keeps a new end.
func (r *replay) reset(i int, s *Step) {
	for _, l := range r.lots {
		if !l.begun || l.ended || s.ExpiresAt == nil && l.ExpiresAt != nil && l.ExpiresAt.Equal(s.At) {
			continue
		}
		kept := l.rollover.Keeps(l.Remaining)
		if kept.LessThan(l.Remaining) {
			r.lapse(l, l.Remaining.Sub(kept), s.At, i)
		} else if more := kept.Sub(l.Remaining); more.IsPositive() {
			l.granted = l.granted.Add(more)
			r.give(l, more)
			r.note(l, Movement{At: s.At, Step: i, Kind: MovedGranted, Amount: more})
		}
		if l.rollover == nil || l.rollover.Max != nil {
			l.cycle++
		}
		if s.ExpiresAt != nil && kept.IsPositive() {
			l.ExpiresAt = s.ExpiresAt
			r.expiring(l)
		}
	}
	r.resort()
	if s.PreserveOverage {
		r.carry = true
		r.arrived(s.At)
		return
	}
	for _, n := range r.owing {
		u := r.uses[n]
		u.dropped, u.overage = u.dropped.Add(u.overage), decimal.Zero
	}
	r.owing, r.overage = nil, decimal.Zero
}

func (r *replay) release(s *Step, out *StepResult) error {
	n, there := r.byStep[s.Ref]
	if !there || r.steps[n].Op != OpHold || r.results[n].Outcome != Applied {
		return fault.At("/ref", CodeUnknown, "There is no such hold at that instant.")
	}
	out.Amount = r.results[n].Amount
	if r.released[n] {
		out.Outcome = Repeated
		return nil
	}
	r.released[n] = true
	r.held = r.held.Sub(out.Amount)
	return nil
}

// cancel keeps lots that have not begun from ever beginning, and rules from coming again.
func (r *replay) cancel(i int, s *Step, out *StepResult) error {
	from := s.At
	if s.From != nil {
		from = *s.From
	}
	out.Outcome = Unchanged
	for _, ru := range r.rules {
		if (s.Lot == "" || s.Lot == ru.grant.Name) && (ru.end == nil || from.Before(*ru.end)) {
			ru.end = &from
			out.Outcome = Applied
		}
	}
	for _, l := range r.lots {
		if !l.begun && !l.ended && !l.EffectiveAt.Before(from) && (s.Lot == "" || s.Lot == l.ID) {
			out.Voided = out.Voided.Add(r.finish(l, Voided, s.At, i))
			out.Outcome = Applied
		}
	}
	return nil
}
