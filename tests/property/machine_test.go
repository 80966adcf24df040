package property_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/tests/property/model"
)

// system is what a stream is played to beside the model; nil for the model alone.
type system interface {
	play(t *rapid.T, op model.Op, want model.Outcome)
	compare(t *rapid.T, w *model.World)
}

// machine makes up a stream of operations, of which many must be refused, and plays it.
type machine struct {
	w        *model.World
	other    system
	accounts []string
	names    int
	log      []string
	lines    []string // of the world before the next operation
}

var (
	began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	start = time.Date(2026, 1, 28, 9, 0, 0, 0, time.UTC)
)

var payers = []model.Account{{Name: "acme", Zone: "Europe/Berlin", Mode: "saas"}, {Name: "bolt", Zone: "America/New_York", Mode: "saas"},
	{Name: "nolimit", Zone: "UTC", Mode: "unlimited"}, {Name: "onprem", Zone: "UTC", Mode: "self_hosted"}}

func newMachine(other system) *machine {
	m := &machine{w: model.New(model.Standard(began), start, payers...), other: other}
	for _, a := range payers {
		m.accounts = append(m.accounts, a.Name)
	}
	m.lines = m.w.Lines()
	return m
}

// lag is how late workers may be: within it their steps come in any order, among everything else that goes on.
const lag = 45 * time.Minute

// reapLag is how late the reaper may be: less than the quarter of an hour after which I-08 calls a lease forgotten.
const reapLag = 10 * time.Minute

// do plays one operation and holds both sides to the rules: what is refused or repeated changes nothing, every invariant holds.
func (m *machine) do(t *rapid.T, op model.Op) model.Outcome {
	before := m.lines
	out := m.w.Do(op)
	m.log = append(m.log, fmt.Sprintf("%3d %s → %s", len(m.log), op, out))
	m.lines = m.w.Lines()
	if out.Unchanged && !slices.Equal(before, m.lines) {
		m.fail(t, "the model changed:\n%s", difference(before, m.lines))
	}
	if broken := m.w.Check(); len(broken) > 0 {
		m.fail(t, "the model's books are broken: %v", broken)
	}
	if m.other != nil {
		m.other.play(t, op, out)
		m.other.compare(t, m.w)
	}
	return out
}

func (m *machine) fail(t *rapid.T, format string, args ...any) {
	t.Helper()
	t.Fatalf(format, args...)
}

// tell prints the end of the stream, for whoever wants to play it again by hand.
func (m *machine) tell(t *rapid.T) {
	if !t.Failed() {
		return
	}
	tail := m.log[max(0, len(m.log)-60):]
	for _, line := range tail {
		t.Log(line)
	}
}

// name makes a new name, or now and then takes one that was used before.
func (m *machine) name(t *rapid.T, prefix string) string {
	if m.names > 0 && rapid.IntRange(0, 9).Draw(t, "reuse") == 9 {
		return prefix + strconv.Itoa(rapid.IntRange(1, m.names).Draw(t, "of"))
	}
	m.names++
	return prefix + strconv.Itoa(m.names)
}

func (m *machine) payer(t *rapid.T) string {
	return rapid.SampledFrom([]string{"acme", "acme", "acme", "acme", "acme", "bolt", "bolt", "nolimit", "onprem"}).Draw(t, "account")
}

var quantities = []string{"1", "2.5", "7", "10", "33.333", "100", "0.5", "3", "250", "601", "0"}

func quantity(t *rapid.T) decimal.Decimal {
	if rapid.IntRange(0, 50).Draw(t, "odd") == 50 {
		return decimal.RequireFromString("-1")
	}
	return decimal.RequireFromString(rapid.SampledFrom(quantities).Draw(t, "quantity"))
}

func (m *machine) uses(t *rapid.T, of []string) []model.Use {
	n := rapid.IntRange(1, 3).Draw(t, "meters")
	var uses []model.Use
	for range n {
		uses = append(uses, model.Use{Meter: rapid.SampledFrom(of).Draw(t, "meter"), Quantity: quantity(t)})
	}
	return uses
}

var meters = []string{"api", "api", "api", "api", "api", "gb", "gb", "gb", "gpu", "gpu", "gpu", "sms", "sms", "dark", "lost", "nosuch"}

// instant is near something that matters to the account.
func (m *machine) instant(t *rapid.T, account string) time.Time {
	at := rapid.SampledFrom(m.w.Boundaries(account)).Draw(t, "near")
	off := rapid.SampledFrom([]time.Duration{0, 0, -time.Second, time.Second, -time.Hour, time.Hour, -26 * time.Hour, 26 * time.Hour, -9 * 24 * time.Hour,
		-35 * 24 * time.Hour}).Draw(t, "off")
	return at.Add(off)
}

// past is an instant that usage may have, mostly.
func (m *machine) past(t *rapid.T, account string) *time.Time {
	at := m.instant(t, account)
	switch rapid.IntRange(0, 5).Draw(t, "when") {
	case 0, 1:
		return nil
	case 2:
		at = m.w.Now.Add(rapid.SampledFrom([]time.Duration{5 * time.Minute, 5*time.Minute + time.Second, -34 * 24 * time.Hour,
			-34*24*time.Hour - time.Second}).Draw(t, "edge"))
	}
	if at.After(m.w.Now.Add(time.Hour)) {
		at = m.w.Now
	}
	return &at
}

func pick(t *rapid.T, label string, from []string) string {
	if len(from) == 0 {
		t.Skip("nothing to take")
	}
	return rapid.SampledFrom(from).Draw(t, label)
}

// actions are what a stream is made of. Rapid takes the first in order of name more often, hence the numbers: callers at work
// first, what changes the scene for long last.
func (m *machine) actions() map[string]func(*rapid.T) {
	order := []func(*rapid.T){m.pair, m.pair, m.commit, m.authorize, m.work, m.report, m.pair, m.work, m.tick, m.commit, m.authorize, m.overrun, m.release, m.reap,
		m.checkout, m.purchase, m.assign, m.advance, m.pay, m.cancel, m.early, m.price, m.value, m.status}
	actions := map[string]func(*rapid.T){}
	for i, action := range order {
		name := runtime.FuncForPC(reflect.ValueOf(action).Pointer()).Name()
		actions[fmt.Sprintf("%02d %s", i, strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm"))] = action
	}
	return actions
}

func (m *machine) assign(t *rapid.T) {
	if made, _, _, _ := m.w.Names(); len(made) >= 8 {
		t.Skip("plans enough")
	}
	account := m.payer(t)
	op := model.Op{Kind: model.Assign, Account: account, Ref: m.name(t, "pa"),
		Plan: rapid.SampledFrom([]string{"starter", "starter", "strict", "boost", "boost", "gift", "dollar"}).Draw(t, "plan")}
	if rapid.Bool().Draw(t, "later") {
		at := m.instant(t, account)
		op.At = &at
	}
	if rapid.IntRange(0, 3).Draw(t, "ends") == 3 {
		at := m.instant(t, account).Add(rapid.SampledFrom([]time.Duration{0, 240 * time.Hour, 41 * 24 * time.Hour}).Draw(t, "for"))
		op.Until = &at
	}
	m.do(t, op)
}

func (m *machine) cancel(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "seldom") > 0 {
		t.Skip("assignments should live a while")
	}
	of, _, _, _ := m.w.Names()
	slices.Reverse(of)
	m.do(t, model.Op{Kind: model.Cancel, Of: pick(t, "of", of), Now: rapid.Bool().Draw(t, "now")})
}

func (m *machine) checkout(t *rapid.T) {
	m.do(t, model.Op{Kind: model.Checkout, Account: m.payer(t), Ref: "cs" + strconv.Itoa(len(m.log)), Asset: rapid.SampledFrom([]string{"CREDIT", "CREDIT", "POINT", "EUR"}).
		Draw(t, "asset"), Amount: decimal.RequireFromString(rapid.SampledFrom([]string{"10", "3.3", "0.001", "7"}).Draw(t, "quantity"))})
}

func (m *machine) purchase(t *rapid.T) {
	_, _, _, of := m.w.Names()
	checkout := pick(t, "of", of)
	amount := m.w.Offered(checkout)
	if rapid.IntRange(0, 11).Draw(t, "wrong") == 11 {
		amount = amount.Add(decimal.New(1, -2))
	}
	m.do(t, model.Op{Kind: model.Purchase, Of: checkout, Ref: m.name(t, "pi"), Amount: amount})
}

func (m *machine) authorize(t *rapid.T) {
	account := m.payer(t)
	op := model.Op{Kind: model.Authorize, Account: account, Ref: m.name(t, account+"-"), Feature: rapid.SampledFrom([]string{"core", "core", "core", "text",
		"compute", "night", "nosuch"}).Draw(t, "feature"), TTL: rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "ttl")}
	of := meters
	if allowed := model.Standard(began).Features[op.Feature]; allowed != nil && rapid.IntRange(0, 9).Draw(t, "any") < 9 {
		of = allowed
	}
	op.Meters = m.uses(t, of)
	m.do(t, op)
}

func (m *machine) commit(t *rapid.T) {
	_, all, _, _ := m.w.Names()
	if open := m.w.Open(); len(open) > 0 && rapid.IntRange(0, 4).Draw(t, "any") < 4 {
		all = open
	}
	if rapid.IntRange(0, 30).Draw(t, "unknown") == 30 {
		all = []string{"nobody"}
	}
	op := model.Op{Kind: model.Commit, Of: pick(t, "of", all), Ref: m.name(t, "c"), Close: rapid.IntRange(0, 2).Draw(t, "close") < 2}
	if op.Of != "nobody" && rapid.Bool().Draw(t, "exact") {
		op.Meters = m.w.Bounds(op.Of)
	} else {
		op.Meters = m.uses(t, meters)
	}
	if rapid.IntRange(0, 5).Draw(t, "when") == 5 {
		op.At = m.past(t, m.accounts[0])
	}
	m.do(t, op)
}

// pair is what most callers do: work that is allowed, done, and in the books soon.
func (m *machine) pair(t *rapid.T) {
	account := m.payer(t)
	m.names++
	key := account + "-" + strconv.Itoa(m.names)
	if cure := map[string]model.Kind{"parked": model.Unpark, "suspended": model.Resume}[m.w.Status(account)]; cure != "" {
		m.do(t, model.Op{Kind: cure, Account: account})
	}
	feature := rapid.SampledFrom(append(m.w.Entitled(account), "core")).Draw(t, "feature")
	uses := []model.Use{{Meter: rapid.SampledFrom(model.Standard(began).Features[feature]).Draw(t, "meter"), Quantity: quantity(t)}}
	m.do(t, model.Op{Kind: model.Authorize, Account: account, Ref: key, Feature: feature, TTL: time.Minute, Meters: uses})
	if !slices.Contains(m.w.Open(), key) {
		return
	}
	m.do(t, model.Op{Kind: model.Commit, Of: key, Ref: "done", Close: true, Meters: uses})
	if rapid.Bool().Draw(t, "settle") {
		m.do(t, model.Op{Kind: model.Settle, Account: account, Limit: 2})
	}
}

// overrun commits a lease at the last instant it is good for, or just after.
func (m *machine) overrun(t *rapid.T) {
	of := pick(t, "of", m.w.Open())
	if at := m.w.Until(of).Add(rapid.SampledFrom([]time.Duration{time.Second, 0}).Draw(t, "after")); at.After(m.w.Now) && at.Before(m.w.Now.Add(lag)) {
		m.moveTo(t, at)
	}
	if slices.Contains(m.w.Open(), of) {
		m.do(t, model.Op{Kind: model.Commit, Of: of, Ref: "overrun", Close: true, Meters: m.w.Bounds(of)})
	}
}

func (m *machine) release(t *rapid.T) {
	_, all, _, _ := m.w.Names()
	m.do(t, model.Op{Kind: model.Release, Of: pick(t, "of", append(all, "nobody"))})
}

func (m *machine) report(t *rapid.T) {
	account := m.payer(t)
	op := model.Op{Kind: model.Report, Account: account, Ref: m.name(t, account+"-u"), Meters: m.uses(t, meters)}
	if rapid.IntRange(0, 3).Draw(t, "named") == 3 {
		op.Feature = rapid.SampledFrom([]string{"core", "compute", "text", "nosuch"}).Draw(t, "feature")
	}
	op.At = m.past(t, op.Account)
	m.do(t, op)
}

func (m *machine) reap(t *rapid.T) { m.do(t, model.Op{Kind: model.Reap, Limit: 10}) }

func (m *machine) status(t *rapid.T) {
	kind := rapid.SampledFrom([]model.Kind{model.Resume, model.Resume, model.Resume, model.Suspend, model.Unpark, model.Unpark, model.Unpark,
		model.Park}).Draw(t, "to")
	m.do(t, model.Op{Kind: kind, Account: m.payer(t)})
}

func (m *machine) price(t *rapid.T) {
	at := m.instant(t, m.accounts[0]).Add(rapid.SampledFrom([]time.Duration{0, 5 * time.Hour, 50 * time.Hour}).Draw(t, "ahead"))
	m.do(t, model.Op{Kind: model.NewPrice, Meter: rapid.SampledFrom([]string{"api", "gb", "sms", "gpu"}).Draw(t, "meter"), At: &at,
		Asset:  rapid.SampledFrom([]string{"CREDIT", "POINT", "EUR", "USD"}).Draw(t, "asset"),
		Amount: decimal.RequireFromString(rapid.SampledFrom([]string{"0", "0.2", "1"}).Draw(t, "amount"))})
}

func (m *machine) value(t *rapid.T) {
	at := m.instant(t, m.accounts[0]).Add(rapid.SampledFrom([]time.Duration{0, 5 * time.Hour, 50 * time.Hour}).Draw(t, "ahead"))
	m.do(t, model.Op{Kind: model.NewValue, Asset: rapid.SampledFrom([]string{"CREDIT", "POINT"}).Draw(t, "asset"), At: &at,
		Amount: decimal.RequireFromString(rapid.SampledFrom([]string{"0", "0.5", "1.23456789"}).Draw(t, "amount"))})
}

func (m *machine) pay(t *rapid.T) {
	_, _, of, _ := m.w.Names()
	invoice := pick(t, "of", of)
	total, ok := m.w.Due(invoice)
	if !ok {
		t.Skip("nobody pays it alone")
	}
	switch rapid.IntRange(0, 19).Draw(t, "how") {
	case 19:
		total = total.Add(decimal.New(1, -2))
	case 1, 2, 3, 4:
		m.do(t, model.Op{Kind: model.Decline, Of: invoice, Ref: m.name(t, "ch/"+invoice+"/")})
		return
	}
	if total.IsPositive() { // nobody tells of a payment of nothing
		m.do(t, model.Op{Kind: model.Pay, Of: invoice, Ref: m.name(t, "in"), Amount: total, Now: rapid.IntRange(0, 4).Draw(t, "cash") == 0})
	}
}

// work lets a worker do one of the things that are due.
func (m *machine) work(t *rapid.T) {
	steps := m.steps(true)
	if len(steps) == 0 {
		t.Skip("nothing is due")
	}
	m.do(t, rapid.SampledFrom(steps).Draw(t, "step").Op)
}

// early lets a worker do something before its time; freezing is not asked for early by anyone.
func (m *machine) early(t *rapid.T) {
	steps := slices.DeleteFunc(m.steps(false), func(s model.Step) bool { return s.Op.Kind == model.Freeze })
	if len(steps) == 0 {
		t.Skip("nothing is to come")
	}
	m.do(t, rapid.SampledFrom(steps).Draw(t, "step").Op)
}

func (m *machine) steps(due bool) []model.Step {
	return slices.DeleteFunc(m.w.Steps(), func(s model.Step) bool { return s.Due.After(m.w.Now) == due })
}

func (m *machine) tick(t *rapid.T) {
	m.moveTo(t, m.w.Now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Minute + time.Second, time.Hour}).Draw(t, "by")))
}

// advance moves time far, or to the very instant of something.
func (m *machine) advance(t *rapid.T) {
	if m.w.Now.After(start.AddDate(0, 3, 0)) {
		t.Skip("long enough")
	}
	target := m.w.Now.Add(rapid.SampledFrom([]time.Duration{26 * time.Hour, 8 * 24 * time.Hour, 20 * 24 * time.Hour}).Draw(t, "by"))
	if rapid.Bool().Draw(t, "exactly") {
		for _, at := range m.w.Boundaries(rapid.SampledFrom(m.accounts).Draw(t, "of")) {
			if at.After(m.w.Now) {
				target = at
			}
		}
	}
	m.moveTo(t, target)
}

// begin puts most streams on a plan from their first instant, so that fewer of them are about nothing.
func (m *machine) begin(t *rapid.T) {
	if plan := rapid.SampledFrom([]string{"starter", "starter", "strict", ""}).Draw(t, "first plan"); plan != "" {
		m.do(t, model.Op{Kind: model.Assign, Account: "acme", Ref: "first", Plan: plan})
		m.drain(t)
	}
}

// moveTo moves the clock without leaving anything undone for longer than workers may be late.
func (m *machine) moveTo(t *rapid.T, target time.Time) {
	for m.w.Now.Before(target) {
		to := target
		for _, s := range m.w.Steps() {
			by := s.Due.Add(lag)
			if s.Op.Kind == model.Reap {
				by = s.Due.Add(reapLag)
			}
			if s.Due.IsZero() {
				by = m.w.Now.Add(lag)
			}
			if by.Before(to) {
				to = by
			}
		}
		if to.After(m.w.Now) {
			m.do(t, model.Op{Kind: model.Tick, At: &to})
		}
		if to.Before(target) {
			m.drain(t)
		}
	}
}

// drain lets the workers do everything that is due, in any order.
func (m *machine) drain(t *rapid.T) {
	for n := 0; ; n++ {
		steps := m.steps(true)
		if len(steps) == 0 {
			return
		}
		if n > 400 {
			m.fail(t, "the workers come to no end: %v", steps)
		}
		m.do(t, rapid.SampledFrom(steps).Draw(t, "step").Op)
	}
}

// finish ends every plan, lets everything that was begun come to its end, and looks whether something was forgotten.
func (m *machine) finish(t *rapid.T) {
	for _, name := range m.w.Parked() {
		m.do(t, model.Op{Kind: model.Unpark, Account: name})
	}
	m.drain(t)
	assignments, _, _, _ := m.w.Names()
	for _, of := range assignments {
		m.do(t, model.Op{Kind: model.Cancel, Of: of, Now: true})
	}
	for range 5 {
		m.moveTo(t, m.w.Now.AddDate(0, 0, 20))
		m.drain(t)
	}
	if left := m.w.Done(); len(left) > 0 {
		m.fail(t, "something was forgotten: %v", left)
	}
}

// size sets how many streams of how many operations a test plays; the environment asks for more.
func size(t *testing.T, name string, checks, steps int) {
	t.Helper()
	set := func(name, variable string, value int) {
		text := strconv.Itoa(value)
		if asked := os.Getenv(variable); asked != "" {
			text = asked
		}
		if err := flag.Set(name, text); err != nil {
			t.Fatal(err)
		}
	}
	set("rapid.checks", "DURABILL_"+name+"_CHECKS", checks)
	set("rapid.steps", "DURABILL_"+name+"_STEPS", steps)
}

func difference(want, got []string) string {
	var out string
	for _, line := range want {
		if !slices.Contains(got, line) {
			out += "\n - " + line
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			out += "\n + " + line
		}
	}
	return out
}
