package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Op is one operation of a stream: a caller's, an operator's, or a step that a worker takes.
type Op struct {
	Kind    Kind
	Account string
	Ref     string // what it makes, or its Idempotency-Key
	Of      string // what it is about: an assignment, a lease, an invoice, a checkout
	Plan    string
	Feature string
	Meter   string
	Asset   string
	Rule    string
	Now     bool // a cancellation at once, a payment out of band
	Close   bool
	Index   int
	Limit   int
	Amount  decimal.Decimal
	Meters  []Use
	At      *time.Time
	Until   *time.Time
	TTL     time.Duration
}

// Use is a quantity of a meter.
type Use struct {
	Meter    string
	Quantity decimal.Decimal
}

// Kind names an operation.
type Kind = string

// What callers, operators and workers do, and time.
const (
	Tick      Kind = "tick"
	Assign    Kind = "assign"
	Cancel    Kind = "cancel"
	Checkout  Kind = "checkout"
	Purchase  Kind = "purchase"
	Authorize Kind = "authorize"
	Commit    Kind = "commit"
	Release   Kind = "release"
	Report    Kind = "report"
	Suspend   Kind = "suspend"
	Resume    Kind = "resume"
	Park      Kind = "park"
	Unpark    Kind = "unpark"
	NewPrice  Kind = "price"
	NewValue  Kind = "value"
	Rate      Kind = "rate"
	Settle    Kind = "settle"
	Reap      Kind = "reap"
	Turn      Kind = "turn"
	Issue     Kind = "issue"
	Freeze    Kind = "freeze"
	CloseRun  Kind = "close"
	Finalize  Kind = "finalize"
	Attempt   Kind = "attempt"
	Pay       Kind = "pay"
	Decline   Kind = "decline"
)

// String shows what a person needs to play the operation again.
func (o Op) String() string {
	text := o.Kind
	add := func(name, value string) {
		if value != "" {
			text += " " + name + value
		}
	}
	add("", o.Account)
	add("ref=", o.Ref)
	add("of=", o.Of)
	add("", strings.TrimSpace(strings.Join([]string{o.Plan, o.Feature, o.Meter, o.Asset, o.Rule}, " ")))
	for _, m := range o.Meters {
		add("", m.Meter+":"+m.Quantity.String())
	}
	if !o.Amount.IsZero() {
		add("amount=", o.Amount.String())
	}
	if o.At != nil {
		add("at=", stamp(*o.At))
	}
	if o.Until != nil {
		add("until=", stamp(*o.Until))
	}
	if o.TTL > 0 {
		add("ttl=", o.TTL.String())
	}
	if o.Limit > 0 || o.Index > 0 {
		add("", fmt.Sprintf("limit=%d index=%d", o.Limit, o.Index))
	}
	if o.Now || o.Close {
		add("", fmt.Sprintf("now=%t close=%t", o.Now, o.Close))
	}
	return text
}

// Outcome is what an operation came to: refused with a code, or what was answered. Unchanged says that nothing may have moved.
type Outcome struct {
	Refused   string
	Said      string
	Unchanged bool
}

func (o Outcome) String() string {
	if o.Refused != "" {
		return "refused: " + o.Refused
	}
	return o.Said
}

func refuse(code string) Outcome { return Outcome{Refused: code, Unchanged: true} }

func said(format string, args ...any) Outcome { return Outcome{Said: fmt.Sprintf(format, args...)} }

func nothing(format string, args ...any) Outcome {
	return Outcome{Said: fmt.Sprintf(format, args...), Unchanged: true}
}

// Account is a payer. Mode is saas, unlimited or self_hosted.
type Account struct {
	Name, Zone, Mode string

	currency string
	status   string
	before   string // what a parked account was
	created  time.Time
}

// World is one realm.
type World struct {
	Now time.Time

	catalog     Catalog
	prices      []Price
	values      []Value
	accounts    []*Account
	assignments []*assignment
	periods     []*period
	lots        []*lot
	leases      []*lease
	answers     map[string]answer // of authorize, commit and report, by their key
	events      []*event
	ratings     []*rating
	quarantine  []kept
	counters    map[counter]decimal.Decimal
	runs        []*run
	invoices    []*invoice
	numbers     int
	checkouts   []*checkout
	payments    []payment
	journal     []Transaction
	exact       map[string]decimal.Decimal // running sums that entries are telescoped from
}

type answer struct{ request, said string }

// New is a realm at an instant, with its accounts on the free plan.
func New(c Catalog, now time.Time, accounts ...Account) *World {
	w := &World{Now: now, catalog: c, prices: slices.Clone(c.Prices), values: slices.Clone(c.Values), answers: map[string]answer{},
		counters: map[counter]decimal.Decimal{}, exact: map[string]decimal.Decimal{}}
	for _, a := range accounts {
		a.status, a.created = "active", now
		w.accounts = append(w.accounts, &a)
	}
	return w
}

var operations = map[Kind]func(*World, Op) Outcome{
	Tick: (*World).tick, Assign: (*World).assign, Cancel: (*World).cancel, Checkout: (*World).openCheckout, Purchase: (*World).purchase,
	Authorize: (*World).authorize, Commit: (*World).commit, Release: (*World).release, Report: (*World).report,
	Suspend: (*World).changeStatus, Resume: (*World).changeStatus, Park: (*World).changeStatus, Unpark: (*World).changeStatus,
	NewPrice: (*World).newPrice, NewValue: (*World).newValue, Rate: (*World).rateEvents, Settle: (*World).settle, Reap: (*World).reap,
	Turn: (*World).turn, Issue: (*World).issue, Freeze: (*World).freeze, CloseRun: (*World).closeRun, Finalize: (*World).finalize,
	Attempt: (*World).attempt, Pay: (*World).pay, Decline: (*World).decline,
}

// Do carries out one operation.
func (w *World) Do(op Op) Outcome {
	if w.waits(op) {
		return refuse("account_parked")
	}
	return operations[op.Kind](w, op)
}

// waits says whether an operation moves money of a parked account by itself.
func (w *World) waits(op Op) bool {
	var a *Account
	switch op.Kind {
	case Turn:
		if what, _, _ := w.next(w.assignment(op.Of)); what == "over" {
			return false
		}
		a = w.assignment(op.Of).account
	case Issue:
		a = w.assignment(op.Of).account
	case Freeze, CloseRun, Rate:
		a = w.account(op.Account)
	case Finalize, Attempt:
		a = w.invoice(op.Of).account
	default:
		return false
	}
	return a.status == "parked"
}

func (w *World) tick(op Op) Outcome {
	w.Now = *op.At
	return said("it is %s", stamp(w.Now))
}

func (w *World) account(name string) *Account {
	return w.accounts[slices.IndexFunc(w.accounts, func(a *Account) bool { return a.Name == name })]
}

var statusMoves = map[Kind]map[string]string{
	Suspend: {"active": "suspended"},
	Resume:  {"suspended": "active"},
}

func (w *World) changeStatus(op Op) Outcome {
	a := w.account(op.Account)
	switch {
	case op.Kind == Park && a.status == "parked":
		return nothing("parked")
	case op.Kind == Park:
		w.park(a)
		return said("parked")
	case op.Kind == Unpark && a.status == "parked":
		a.status, a.before = a.before, ""
		return said("%s", a.status)
	case op.Kind == Suspend && a.status == "parked" && a.before == "active":
		a.before = "suspended"
		return said("parked")
	}
	to, legal := statusMoves[op.Kind][a.status]
	if !legal {
		return refuse("state_conflict")
	}
	a.status = to
	return said("%s", to)
}

func (w *World) park(a *Account) {
	if a.status != "parked" {
		a.before, a.status = a.status, "parked"
	}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05") }

func stampOr(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return stamp(*at)
}

func sortedKeys[M ~map[string]V, V any](m M) []string { return slices.Sorted(maps.Keys(m)) }

// merged adds up the quantities of one meter, by code.
func merged(uses []Use) []Use {
	sums := map[string]decimal.Decimal{}
	for _, u := range uses {
		sums[u.Meter] = sums[u.Meter].Add(u.Quantity)
	}
	out := make([]Use, 0, len(sums))
	for _, code := range sortedKeys(sums) {
		out = append(out, Use{code, sums[code]})
	}
	return out
}

// again answers a repeat of a request, or refuses another request under its key.
func (w *World) again(key, request string) (Outcome, bool) {
	before, known := w.answers[key]
	switch {
	case !known:
		return Outcome{}, false
	case before.request != request:
		return refuse("idempotency_key_reused"), true
	}
	return nothing("%s", before.said), true
}

// Request is what a key stands for: the operation without its key.
func (o Op) Request() string {
	o.Ref = ""
	return o.String()
}
