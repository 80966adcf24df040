package oracle

import (
	"context"
	"fmt"
	"strings"
)

// Settle gives up the leases that were left alone, so that nothing is held any more.
func (w *World) Settle(ctx context.Context) error {
	for _, acc := range w.Accounts() {
		acc.mu.Lock()
		tokens := append([]string(nil), acc.leases...)
		acc.mu.Unlock()
		for _, token := range tokens {
			if err := w.release(ctx, acc, token); err != nil {
				return err
			}
		}
	}
	return nil
}

// Check compares what must exist with what the API shows. The system must be at rest, and the world settled.
func (w *World) Check(ctx context.Context) error {
	for _, acc := range w.Accounts() {
		for _, check := range []func(context.Context, *Account) error{w.checkUsage, w.checkAssignments, w.checkLots, w.checkHolds} {
			if err := check(ctx, acc); err != nil {
				return err
			}
		}
	}
	return w.checkEnds(ctx)
}

func (w *World) checkUsage(ctx context.Context, acc *Account) error {
	found, err := w.all(ctx, acc)
	for q := range acc.quantities {
		if found[q] != 1 && err == nil {
			w.Violation("%s used %s once, and %d of it exist", acc.Principal, q, found[q])
		}
	}
	for q, n := range found {
		if !acc.quantities[q] {
			w.Violation("%s did not use %s, and %d of it exist", acc.Principal, q, n)
		}
	}
	return err
}

func (w *World) checkAssignments(ctx context.Context, acc *Account) error {
	found := map[string]int{}
	err := each(ctx, w.Client, "/mgt/v1/plan-assignments?billing_account_id="+acc.ID, func(a assignment) {
		if a.SourceKind == "oracle" {
			found[a.SourceRef]++
		}
	})
	for ref := range acc.sources {
		if found[ref] != 1 && err == nil {
			w.Violation("%s was assigned by %s once, and %d of it exist", acc.Principal, ref, found[ref])
		}
		delete(found, ref)
	}
	for ref := range found {
		w.Violation("%s was never assigned by %s", acc.Principal, ref)
	}
	return err
}

func (w *World) checkLots(ctx context.Context, acc *Account) error {
	lots := map[string]int{}
	bought := 0
	err := each(ctx, w.Client, "/mgt/v1/grants?billing_account_id="+acc.ID, func(l struct {
		Source     string
		Assignment string `json:"plan_assignment_id"`
		Index      int    `json:"period_index"`
	}) {
		if l.Source == "purchase" {
			bought++
			return
		}
		lots[fmt.Sprintf("%s/%d", l.Assignment, l.Index)]++
	})
	for period, n := range lots {
		if n != 1 {
			w.Violation("%s was given %d lots for %s", acc.Principal, n, period)
		}
	}
	if bought != acc.purchases && err == nil {
		w.Violation("%s bought %d times and was given %d lots", acc.Principal, acc.purchases, bought)
	}
	return err
}

func (w *World) checkHolds(ctx context.Context, acc *Account) error {
	var balance struct {
		Balances []struct{ Currency, Held, Pending string }
	}
	err := w.Get(ctx, "/v1/balance?principal_id="+acc.Principal, &balance)
	for _, b := range balance.Balances {
		if strings.Trim(b.Held, "0.") != "" || strings.Trim(b.Pending, "0.") != "" {
			w.Violation("%s holds %s and has %s pending of %s, and nothing is under way", acc.Principal, b.Held, b.Pending, b.Currency)
		}
	}
	return err
}
