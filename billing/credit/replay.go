package credit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Stable codes of what Replay refuses.
const (
	CodeOutOfRange = "out_of_range"
	CodeUnknown    = "not_found"
	CodeTooMany    = "too_many_movements"
	CodeKeyReused  = "idempotency_key_reused"
)

// maxRecurrences bounds how often grants come again in one replay: a lot a day for a quarter of a century.
const maxRecurrences = 10_000

// Options say by which rules a replay is played; the zero value is Durabill's.
type Options struct {
	Order   Order   // Standard if empty
	Overage Overage // Keep if empty
	// Start is the instant of the grants' Opening balances and of OpeningOverage: nothing before it is played.
	Start          *time.Time
	OpeningOverage decimal.Decimal
	// Until is the instant of evaluation, inclusive: what happens at it has happened. The last step's or snapshot's if nil.
	Until *time.Time
	AsOf  []time.Time
	// Precision is how many decimals credits have: more are cut off before anything else. All are kept if nil.
	Precision *int32
	History   bool // of every lot
	// MaxMovements bounds the work of what a caller sends; 0 is no bound.
	MaxMovements int
}

// Replay plays grants and steps by the time they count, and says what every lot is then, what every step came to, and how things
// stood at each instant that was asked for. The order of the grants changes nothing; of the steps only those of one instant keep the
// order in which they are given.
func Replay(grants []Grant, steps []Step, o Options) (Result, error) {
	if err := check(grants, steps, o); err != nil {
		return Result{}, err
	}
	r := newReplay(steps, o)
	if err := r.prepare(grants); err != nil {
		return Result{}, err
	}
	if err := r.play(); err != nil {
		return Result{}, err
	}
	return r.result(), nil
}

type replay struct {
	o       Options
	order   Order
	until   time.Time
	steps   []Step
	results []StepResult
	uses    []*use // of the steps; the last is the opening overage
	lots    []*lot
	byLot   map[string]int
	byStep  map[string]int
	rules   []*rule
	q       queue
	open    []*lot // begun and not ended, in burn order; spent ones are swept out now and then
	spent   int    // of open
	owing   []int  // uses with overage, oldest first
	carry   bool   // overage is waiting for credit that came at this instant
	settles bool   // a settlement of this instant is in the queue

	released                  map[int]bool // holds
	overage, held, receivable decimal.Decimal
	recurrences, movements    int
	asOf                      []Snapshot
}

// use is what is known of a usage: what paid for it, in which cycle of the lot, and what nothing paid.
type use struct {
	usage   Usage
	draws   []Draw
	cycles  []int
	overage decimal.Decimal
	dropped decimal.Decimal // overage that a reset forgot
}

func (u *use) total() decimal.Decimal {
	sum := u.overage.Add(u.dropped)
	for _, d := range u.draws {
		sum = sum.Add(d.Amount)
	}
	return sum
}

func newReplay(steps []Step, o Options) *replay {
	r := &replay{o: o, order: o.Order, steps: slices.Clone(steps), results: make([]StepResult, len(steps)),
		uses: make([]*use, len(steps)+1), byLot: map[string]int{}, byStep: map[string]int{}, released: map[int]bool{}, asOf: make([]Snapshot, len(o.AsOf))}
	if len(r.order) == 0 {
		r.order = Standard()
	}
	if r.o.Overage == "" {
		r.o.Overage = Keep
	}
	for i := range r.steps {
		if s := &r.steps[i]; s.Amount != nil {
			cut := r.cut(*s.Amount)
			s.Amount, r.results[i].Amount = &cut, cut
		}
	}
	return r
}

func (r *replay) cut(v decimal.Decimal) decimal.Decimal {
	if r.o.Precision == nil {
		return v
	}
	return v.Truncate(*r.o.Precision)
}

// prepare makes the lots and finds the end. A lot that a step grants is there from its own effective instant on, whenever the step
// was: usage is matched to lots by effective time.
func (r *replay) prepare(grants []Grant) error {
	r.until = r.end(grants)
	for i, g := range grants {
		if err := r.add(g); err != nil {
			return invalid(nested(index("/grants", i), err))
		}
	}
	first := map[string]int{}
	for i, s := range r.steps {
		if s.Name != "" {
			if _, there := r.byStep[s.Name]; !there {
				r.byStep[s.Name] = i
			}
		}
		if s.Key != "" {
			if earlier, there := first[s.Key]; there {
				if !same(r.steps[earlier], s) {
					return keyReused(i)
				}
				r.results[i].Outcome = Repeated
				r.results[i].AppliedAt = r.steps[earlier].At
				continue
			}
			first[s.Key] = i
		}
		if s.At.After(r.until) {
			r.results[i].Outcome = Later
			continue
		}
		if s.Op == OpGrant {
			g := *s.Grant
			if g.GrantedAt.IsZero() {
				g.GrantedAt = s.At
			}
			if err := r.add(g); err != nil {
				return invalid(nested(index("/steps", i)+"/grant", err))
			}
		}
	}
	if r.o.OpeningOverage.IsPositive() {
		r.uses[len(r.steps)] = &use{overage: r.o.OpeningOverage}
		r.owing, r.overage = append(r.owing, len(r.steps)), r.o.OpeningOverage
	}
	return nil
}

// same compares what two steps of one key say, apart from their names.
func same(a, b Step) bool {
	a.Name, b.Name = "", ""
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func keyReused(i int) error {
	f := fault.New(fault.Conflict, CodeKeyReused, "This key was used for another step.")
	f.Fields = fault.At(index("/steps", i)+"/key", "duplicate", f.Detail).Fields
	return f
}

func (r *replay) end(grants []Grant) time.Time {
	if r.o.Until != nil {
		return *r.o.Until
	}
	var last time.Time
	for _, s := range r.steps {
		last = later(last, s.At)
	}
	for _, at := range r.o.AsOf {
		last = later(last, at)
	}
	if len(r.steps)+len(r.o.AsOf) > 0 {
		return last
	}
	for _, g := range grants {
		last = later(last, g.EffectiveAt)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// play merges what lots do by themselves with the steps, by instant and rank, and looks up at every instant that was asked for.
func (r *replay) play() error {
	todo := r.sequence()
	looks := r.looks()
	for len(todo) > 0 || len(r.q.heap) > 0 {
		byItself := len(r.q.heap) > 0 && (len(todo) == 0 || !r.stepFirst(todo[0]))
		at := r.upcoming(todo, byItself)
		if at.After(r.until) {
			break
		}
		for len(looks) > 0 && r.o.AsOf[looks[0]].Before(at) {
			r.asOf[looks[0]] = r.snapshot(r.o.AsOf[looks[0]])
			looks = looks[1:]
		}
		var err error
		if byItself {
			err = r.happen(r.q.pop())
		} else {
			err = r.step(todo[0])
			todo = todo[1:]
		}
		if err != nil {
			return err
		}
		if r.o.MaxMovements > 0 && r.movements > r.o.MaxMovements || r.recurrences > maxRecurrences {
			return fault.New(fault.Invalid, CodeTooMany, "This replay moves credits too often.")
		}
	}
	for _, i := range looks {
		r.asOf[i] = r.snapshot(r.o.AsOf[i])
	}
	return nil
}

func (r *replay) upcoming(todo []int, byItself bool) time.Time {
	if byItself {
		return r.q.heap[0].at
	}
	return r.steps[todo[0]].At
}

// stepFirst says whether a step comes before what lots do by themselves.
func (r *replay) stepFirst(i int) bool {
	next := r.q.heap[0]
	if c := r.steps[i].At.Compare(next.at); c != 0 {
		return c < 0
	}
	return r.steps[i].rank() < next.rank
}

// sequence lists the steps that are to be played, in their order.
func (r *replay) sequence() []int {
	todo := make([]int, 0, len(r.steps))
	for i := range r.steps {
		if r.results[i].Outcome == "" {
			todo = append(todo, i)
		}
	}
	slices.SortStableFunc(todo, func(a, b int) int {
		return cmp.Or(r.steps[a].At.Compare(r.steps[b].At), cmp.Compare(r.steps[a].rank(), r.steps[b].rank()))
	})
	return todo
}

func (r *replay) looks() []int {
	looks := make([]int, len(r.o.AsOf))
	for i := range looks {
		looks[i] = i
	}
	slices.SortStableFunc(looks, func(a, b int) int { return r.o.AsOf[a].Compare(r.o.AsOf[b]) })
	return looks
}
