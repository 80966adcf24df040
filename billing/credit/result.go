package credit

import (
	"time"

	"github.com/shopspring/decimal"
)

// Overage says what becomes of usage that no lot could pay.
type Overage string

// Keep is Durabill's: overage stays overage, whatever is granted later. Carry lets later credit pay it, oldest first. Refuse lets no
// use begin that the lots cannot pay in whole.
const (
	Keep   Overage = "keep"
	Carry  Overage = "carry"
	Refuse Overage = "refuse"
)

// Status is where a lot stands.
type Status string

// An exhausted lot comes back to life with a correction; expired and voided are final.
const (
	Scheduled Status = "scheduled"
	Active    Status = "active"
	Exhausted Status = "exhausted"
	Expired   Status = "expired"
	Voided    Status = "voided"
)

// Outcome is what a step came to.
type Outcome string

// Unchanged found nothing to do; Repeated had been done before; Refused could not be done in whole; Later lies after the evaluation.
const (
	Applied   Outcome = "applied"
	Unchanged Outcome = "unchanged"
	Repeated  Outcome = "repeated"
	Refused   Outcome = "refused"
	Later     Outcome = "later"
)

// LotResult is a lot at the end: Granted = Remaining + Used + Expired + Voided + Lapsed. Balance is what it can pay now, which is
// nothing while it is scheduled.
type LotResult struct {
	Lot
	Granted, Balance, Used, Expired, Voided, Lapsed decimal.Decimal
	Status                                          Status
	EndedAt                                         *time.Time // of expiry or void
	History                                         []Movement
}

// Movement is one line of a lot's history.
type Movement struct {
	At     time.Time
	Step   int // index of the step that made it, -1 if time did
	Kind   Kind
	Amount decimal.Decimal
	After  decimal.Decimal // what is left then
}

// Kind names what moved.
type Kind string

// The kinds of movement. Forfeited is a returned part that found its lot ended.
const (
	MovedGranted   Kind = "granted"
	MovedUsed      Kind = "used"
	MovedReturned  Kind = "returned"
	MovedForfeited Kind = "forfeited"
	MovedExpired   Kind = "expired"
	MovedVoided    Kind = "voided"
	MovedLapsed    Kind = "lapsed"
)

// StepResult is what a step came to. Draws and Overage of a use are as they stand at the end, after corrections and later payments;
// Draws of a void are what it took from which lot. Amount is what the step asked for, or for an automatic top-up what it bought.
type StepResult struct {
	Outcome    Outcome
	AppliedAt  time.Time // of the first, for a repeat
	Amount     decimal.Decimal
	Draws      []Draw
	Overage    decimal.Decimal
	Returned   []Draw
	Forfeited  []Draw
	Voided     decimal.Decimal
	Expired    decimal.Decimal
	Receivable decimal.Decimal
	LotID      string // of a grant or top-up
}

// Snapshot is how things stood once everything at or before At had happened.
type Snapshot struct {
	At       time.Time
	Balances []Draw // of every lot, in the order of Result.Lots
	Total    decimal.Decimal
	Held     decimal.Decimal
	Overage  decimal.Decimal
	Ongoing  decimal.Decimal // the total less what is held, and less overage that is carried: it may be negative
}

// Result is a replay's answer. Lots come in the order in which they were given or came to be, Steps in the order given. Movements
// counts the steps that changed something.
type Result struct {
	Lots       []LotResult
	Steps      []StepResult
	AsOf       []Snapshot
	End        Snapshot
	Expired    decimal.Decimal
	Voided     decimal.Decimal
	Receivable decimal.Decimal
	Movements  int
}

// total is what all lots could pay at an instant.
func (r *replay) total(at time.Time) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range r.open {
		if l.covers(at) {
			sum = sum.Add(l.Remaining)
		}
	}
	return sum
}

func (r *replay) ongoing(at time.Time) decimal.Decimal {
	left := r.total(at).Sub(r.held)
	if r.o.Overage == Carry {
		left = left.Sub(r.overage)
	}
	return left
}

func (r *replay) snapshot(at time.Time) Snapshot {
	s := Snapshot{At: at, Balances: make([]Draw, len(r.lots)), Total: r.total(at), Held: r.held, Overage: r.overage, Ongoing: r.ongoing(at)}
	for i, l := range r.lots {
		s.Balances[i] = Draw{LotID: l.ID, Amount: l.balance(at)}
	}
	return s
}

func (l *lot) balance(at time.Time) decimal.Decimal {
	if !l.covers(at) {
		return decimal.Zero
	}
	return l.Remaining
}

func (l *lot) status() Status {
	switch {
	case l.ended:
		return l.final
	case !l.begun:
		return Scheduled
	case l.Remaining.IsPositive():
		return Active
	}
	return Exhausted
}

func (l *lot) result(at time.Time) LotResult {
	out := LotResult{Lot: l.Lot, Granted: l.granted, Balance: l.balance(at), Used: l.used, Expired: l.expired, Voided: l.voided,
		Lapsed: l.lapsed, Status: l.status(), History: l.history}
	if l.ended {
		out.EndedAt = &l.endedAt
	}
	return out
}

func (r *replay) result() Result {
	out := Result{Lots: make([]LotResult, len(r.lots)), Steps: r.results, AsOf: r.asOf, End: r.snapshot(r.until), Receivable: r.receivable}
	for i, l := range r.lots {
		out.Lots[i] = l.result(r.until)
		out.Expired, out.Voided = out.Expired.Add(l.expired), out.Voided.Add(l.voided)
	}
	for i := range r.results {
		if r.results[i].Outcome == Applied {
			out.Movements++
		}
		if u := r.uses[i]; u != nil {
			r.results[i].Overage = u.overage.Add(u.dropped)
			r.results[i].Draws = merged(u.draws)
		}
	}
	return out
}

// merged adds up what one lot paid at several times.
func merged(draws []Draw) []Draw {
	if len(draws) < 2 {
		return draws
	}
	seen := map[string]int{}
	out := draws[:0:0]
	for _, d := range draws {
		if i, there := seen[d.LotID]; there {
			out[i].Amount = out[i].Amount.Add(d.Amount)
			continue
		}
		seen[d.LotID] = len(out)
		out = append(out, d)
	}
	return out
}
