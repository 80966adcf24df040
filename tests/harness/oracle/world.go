package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
)

// World is what must exist, if the API keeps its word: everything that was asked for and not refused. Many clients may work
// in it at once. Every quantity that it reports is a number that it reports once, so a total tells what is missing or double.
type World struct {
	*Client
	Name string // begins every key and natural id

	seq      atomic.Int64
	mu       sync.Mutex
	accounts []*Account
	ends     map[string]end // by path
}

// Account is one account and what must be on it.
type Account struct {
	ID, Principal, Clock string

	mu         sync.Mutex
	quantities map[string]bool // used, by whichever way
	sources    map[string]bool // of assignments
	leases     []string        // tokens of leases that are neither committed nor released
	purchases  int
}

const (
	meter    = "api_requests"
	feature  = "api.requests"
	planCode = "api-starter"
	smallest = 100_000 // a credit's worth
)

func (w *World) next(kind string) string { return fmt.Sprintf("%s-%s-%d", w.Name, kind, w.seq.Add(1)) }

// Quantity gives a number that this world has not used before.
func (w *World) Quantity() string { return fmt.Sprint(smallest + w.seq.Add(1)) }

// Accounts lists the accounts that exist.
func (w *World) Accounts() []*Account {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.accounts)
}

// listing counts a list's rows that fit.
func listing[T any](ctx context.Context, c *Client, path string, fits func(T) bool) (int, error) {
	n := 0
	err := each(ctx, c, path, func(row T) {
		if fits(row) {
			n++
		}
	})
	return n, err
}

// each walks a list to its end.
func each[T any](ctx context.Context, c *Client, path string, visit func(T)) error {
	for cursor := ""; ; {
		var page struct {
			Data []T
			Page struct {
				NextCursor string `json:"next_cursor"`
				HasMore    bool   `json:"has_more"`
			}
		}
		if err := c.Get(ctx, path+"&limit=200"+cursor, &page); err != nil {
			return err
		}
		for _, row := range page.Data {
			visit(row)
		}
		if !page.Page.HasMore {
			return nil
		}
		cursor = "&cursor=" + url.QueryEscape(page.Page.NextCursor)
	}
}

// named counts the rows of a list that a filter of one natural id gives.
func (w *World) named(path, filter, id string) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		return listing(ctx, w.Client, path+"?"+filter+"="+url.QueryEscape(id), func(struct{}) bool { return true })
	}
}

// CreateClock makes a test clock.
func (w *World) CreateClock(ctx context.Context, now string) (string, error) {
	name := w.next("clock")
	a, err := w.Do(ctx, Op{Name: "createTestClock", Path: "/mgt/v1/test-clocks", Key: name, Body: map[string]any{"name": name, "now": now},
		Exists: w.named("/mgt/v1/test-clocks", "name", name)})
	return idOf(a), err
}

// CreateAccount makes an account; clock may be empty.
func (w *World) CreateAccount(ctx context.Context, clock string) (*Account, error) {
	name := w.next("account")
	body := map[string]any{"principal_id": name, "name": name, "timezone": "Europe/Berlin"}
	if clock != "" {
		body["test_clock_id"] = clock
	}
	a, err := w.Do(ctx, Op{Name: "createBillingAccount", Path: "/mgt/v1/billing-accounts", Key: name, Body: body,
		Exists: w.named("/mgt/v1/billing-accounts", "principal_id", name)})
	if err != nil || a.Class != Success {
		return nil, err
	}
	acc := &Account{ID: idOf(a), Principal: name, Clock: clock, quantities: map[string]bool{}, sources: map[string]bool{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accounts = append(w.accounts, acc)
	return acc, nil
}

type assignment struct {
	ID         string
	SourceKind string `json:"source_kind"`
	SourceRef  string `json:"source_ref"`
	CancelMode string `json:"cancel_mode"`
}

// Assign puts the paid plan on the account; a second one is refused as an overlap.
func (w *World) Assign(ctx context.Context, acc *Account) (string, error) {
	ref := w.next("assign")
	a, err := w.Do(ctx, Op{Name: "createPlanAssignment", Path: "/mgt/v1/plan-assignments", Key: ref,
		Body: map[string]any{"billing_account_id": acc.ID, "plan_code": planCode, "source_kind": "oracle", "source_ref": ref},
		Exists: func(ctx context.Context) (int, error) {
			return listing(ctx, w.Client, "/mgt/v1/plan-assignments?billing_account_id="+acc.ID, func(x assignment) bool { return x.SourceRef == ref })
		}})
	if err != nil || a.Class != Success {
		return "", err
	}
	acc.note(func() { acc.sources[ref] = true })
	var accepted struct {
		Operation struct{ Resource struct{ ID string } }
	}
	return accepted.Operation.Resource.ID, json.Unmarshal(a.Body, &accepted)
}

// Use reports usage; an account without a plan has it quarantined.
func (w *World) Use(ctx context.Context, acc *Account) error {
	q := w.Quantity()
	a, err := w.Do(ctx, w.usage(acc, w.next("usage"), meter, q))
	if err == nil && a.Class == Success {
		acc.note(func() { acc.quantities[q] = true })
	}
	return err
}

func (w *World) usage(acc *Account, key, code, q string) Op {
	return Op{Name: "recordUsage", Path: "/v1/usage", Key: key, Late: true, Exists: w.used(acc, q),
		Body: map[string]any{"principal_id": acc.Principal, "meters": quantities(code, q)}}
}

func quantities(code, q string) []map[string]any {
	return []map[string]any{{"meter_code": code, "quantity": q}}
}

// Misuse sends writes that must be refused, and so must leave nothing.
func (w *World) Misuse(ctx context.Context, acc *Account) error {
	q, key := w.Quantity(), w.next("misuse")
	ops := []Op{w.usage(acc, key, "no_such_meter", q), w.usage(acc, key, meter, "-"+q), w.usage(acc, "", meter, q)}
	commit := Op{Name: "commit", Path: "/v1/commit", Key: key, Exists: w.used(acc, q), Late: true,
		Body: map[string]any{"lease_token": "lt_none", "meters": quantities(meter, q)}}
	ops = append(ops, commit, Op{Name: "createBillingAccount", Path: "/mgt/v1/billing-accounts", Key: key,
		Body: map[string]any{"principal_id": acc.Principal, "name": q},
		Exists: func(ctx context.Context) (int, error) {
			n, err := w.named("/mgt/v1/billing-accounts", "principal_id", acc.Principal)(ctx)
			return n - 1, err // the account itself
		}})
	for _, op := range ops {
		a, err := w.Do(ctx, op)
		if err != nil {
			return err
		}
		if a.Class == Success {
			w.Violation("%s %s should have been refused: %s", op.Name, op.Key, a.Body)
		}
	}
	return nil
}

// End is what a client does with a lease it was given.
type End int

// A lease that is left alone holds its funds until the world settles.
const (
	Commit End = iota
	Release
	Cancel
	Leave
)

// Work asks for a lease and ends it one way or another.
func (w *World) Work(ctx context.Context, acc *Account, end End) error {
	q := w.Quantity()
	a, err := w.Do(ctx, Op{Name: "authorize", Path: "/v1/authorize", Key: w.next("authorize"),
		Body: map[string]any{"principal_id": acc.Principal, "feature_code": feature, "meters": quantities(meter, q), "ttl_sec": 3600}})
	if err != nil || a.Class != Success {
		return err
	}
	var granted struct {
		Decision string
		Lease    struct{ Token string }
	}
	if err := json.Unmarshal(a.Body, &granted); err != nil || granted.Decision != "allow" {
		return err
	}
	token := granted.Lease.Token
	acc.note(func() { acc.leases = append(acc.leases, token) })
	switch end {
	case Commit:
		err = w.commit(ctx, acc, token, q)
	case Release:
		err = w.release(ctx, acc, token)
	case Cancel:
		err = w.giveBack(ctx, acc, Op{Name: "cancelLease", Path: "/v1/cancel"}, token)
	case Leave:
	}
	return err
}

func (w *World) commit(ctx context.Context, acc *Account, token, q string) error {
	op := Op{Name: "commit", Path: "/v1/commit", Key: w.next("commit"), Body: map[string]any{"lease_token": token, "meters": quantities(meter, q)},
		Exists: w.used(acc, q)}
	a, err := w.Do(ctx, op)
	if err != nil || a.Class != Success {
		return err
	}
	acc.note(func() {
		acc.quantities[q] = true
		acc.drop(token)
	})
	// A lease commits once, and a key means one request.
	other := w.Quantity()
	for _, key := range []string{w.next("commit"), op.Key} {
		again := Op{Name: "commit", Path: op.Path, Key: key, Exists: w.used(acc, other), Late: true,
			Body: map[string]any{"lease_token": token, "meters": quantities(meter, other)}}
		// An expired lease takes late commits into quarantine; those count.
		if a, err = w.Do(ctx, again); err != nil {
			return err
		}
		if a.Class == Success {
			acc.note(func() { acc.quantities[other] = true })
			other = w.Quantity()
		}
	}
	return nil
}

func (w *World) release(ctx context.Context, acc *Account, token string) error {
	return w.giveBack(ctx, acc, Op{Name: "releaseLease", Path: "/v1/release"}, token)
}

func (w *World) giveBack(ctx context.Context, acc *Account, op Op, token string) error {
	op.Body = map[string]any{"lease_token": token}
	a, err := w.Do(ctx, op)
	if err == nil && a.Class == Success {
		acc.note(func() { acc.drop(token) })
	}
	return err
}

// Catalogue makes what is sold: a meter with a price, and a draft of a plan.
func (w *World) Catalogue(ctx context.Context, model string) error {
	code := w.next("meter")
	a, err := w.Do(ctx, Op{Name: "createMeter", Path: "/mgt/v1/meters", Key: code, Exists: w.named("/mgt/v1/meters", "code", code),
		Body: map[string]any{"code": code, "name": code, "unit": "u", "aggregation": "sum"}})
	if err != nil {
		return err
	}
	prices := "/mgt/v1/meters/" + idOf(a) + "/prices"
	_, err = w.Do(ctx, Op{Name: "createMeterPrice", Path: prices, Key: code,
		Exists: func(ctx context.Context) (int, error) {
			return listing(ctx, w.Client, prices+"?", func(struct{}) bool { return true })
		},
		Body: map[string]any{"currency": "EUR", "model": "per_unit", "amount": "1", "per_units": "10"}})
	if err != nil {
		return err
	}
	plan := w.next("plan")
	_, err = w.Do(ctx, Op{Name: "createPlan", Path: "/mgt/v1/plans", Key: plan, Exists: w.named("/mgt/v1/plans", "code", plan),
		Body: map[string]any{"pricing_model_id": model, "code": plan, "name": plan, "kind": "base",
			"terms": map[string]any{"cadence": map[string]any{"unit": "month", "count": 1}, "grants": []any{}, "overage_mode": "block",
				"grace_seconds": 0, "collection": "none"}}})
	return err
}

// Bought says that the provider took the money for a checkout of the account.
func (w *World) Bought(acc *Account) { acc.note(func() { acc.purchases++ }) }

// used counts the ratings and quarantined items of a quantity.
func (w *World) used(acc *Account, q string) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		all, err := w.all(ctx, acc)
		return all[q], err
	}
}

func (w *World) all(ctx context.Context, acc *Account) (map[string]int, error) {
	found := map[string]int{}
	var err error
	for _, list := range []string{"ratings", "quarantine"} {
		err = errors.Join(err, each(ctx, w.Client, "/mgt/v1/"+list+"?billing_account_id="+acc.ID, func(x struct{ Quantity string }) { found[x.Quantity]++ }))
	}
	return found, err
}

func (a *Account) note(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *Account) drop(token string) {
	a.leases = slices.DeleteFunc(a.leases, func(t string) bool { return t == token })
}

func idOf(a Answer) string {
	var made struct{ ID string }
	_ = json.Unmarshal(a.Body, &made) // a refusal has none
	return made.ID
}
