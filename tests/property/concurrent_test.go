package property_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/property/model"
)

// crowd is what callers of one account did at once.
type crowd struct {
	r *realm

	mu       sync.Mutex
	used     map[string]decimal.Decimal // by meter, of what was rated
	reported map[string]decimal.Decimal
	tokens   []string
	faults   []error
}

// script is what one caller does, one operation after the other.
type script []model.Op

func (c *crowd) note(err error) bool {
	if err == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, err)
	return false
}

// run plays one caller's script; a commit or a release is about the lease it was last given.
func (c *crowd) run(t *testing.T, s script) {
	ctx, token := t.Context(), ""
	for _, op := range s {
		account, hash := c.r.accounts[op.Account], []byte(op.Request())
		switch op.Kind {
		case model.Authorize:
			out, err := c.r.st.Authorize(ctx, c.r.call, store.Ask{Account: account, FeatureCode: op.Feature, Meters: quantitiesOf(op.Meters), TTL: time.Hour,
				Key: op.Ref, Hash: hash, Secret: secret})
			if token = ""; c.note(err) && out.Decision.Allow {
				token = out.Token
				c.mu.Lock()
				c.tokens = append(c.tokens, token)
				c.mu.Unlock()
			}
		case model.Commit:
			c.commit(t, op, token, hash)
		case model.Release:
			if token != "" {
				if _, err := c.r.st.ReleaseLease(ctx, c.r.call, token); !fault.Is(err, "lease_closed") {
					c.note(err)
				}
			}
		case model.Report:
			out, err := c.r.st.RecordUsage(ctx, c.r.call, store.Report{Account: account, Meters: quantitiesOf(op.Meters), Key: op.Ref, Hash: hash})
			if c.note(err) && !out.Replayed {
				c.add(c.reported, op.Meters[0].Meter, op.Meters[0].Quantity)
			}
		case model.Rate:
			_, err := c.r.st.RateUsage(ctx, c.r.call, account, op.Limit)
			c.note(err)
		case model.Settle:
			_, err := c.r.st.SettleRatings(ctx, c.r.call, account, op.Limit)
			c.note(err)
		}
	}
}

func (c *crowd) commit(t *testing.T, op model.Op, token string, hash []byte) {
	if token == "" {
		return
	}
	out, err := c.r.st.CommitLease(t.Context(), c.r.call, store.Use{Token: token, Meters: quantitiesOf(op.Meters), Close: op.Close, Key: op.Ref, Hash: hash})
	if fault.Is(err, "lease_closed") || fault.Is(err, "lease_released") || !c.note(err) || out.Replayed {
		return
	}
	for _, r := range out.Ratings {
		c.add(c.used, r.MeterCode, r.Rating.Quantity)
	}
}

func (c *crowd) add(to map[string]decimal.Decimal, meter string, quantity decimal.Decimal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to[meter] = to[meter].Add(quantity)
}

// scripts makes up what each of eight callers does; keys are shared now and then, so that some race for the same request.
func scripts(t *rapid.T, account string) []script {
	all := make([]script, 8)
	for caller := range all {
		for n := range rapid.IntRange(3, 8).Draw(t, "operations") {
			key := fmt.Sprintf("%d-%d", caller, n)
			if rapid.IntRange(0, 5).Draw(t, "shared") == 0 {
				key = fmt.Sprintf("shared-%d", n)
			}
			use := []model.Use{{Meter: rapid.SampledFrom([]string{"api", "gb"}).Draw(t, "meter"),
				Quantity: decimal.RequireFromString(rapid.SampledFrom([]string{"1", "2.5", "7", "33.333", "60"}).Draw(t, "quantity"))}}
			op := model.Op{Kind: rapid.SampledFrom([]model.Kind{model.Authorize, model.Authorize, model.Commit, model.Commit, model.Release, model.Report,
				model.Rate, model.Settle}).Draw(t, "kind"), Account: account, Feature: "core", Ref: key, Meters: use, Limit: 4,
				Close: rapid.Bool().Draw(t, "close")}
			if strings.HasPrefix(key, "shared") { // one request, however many make it
				op.Meters, op.Close = []model.Use{{Meter: "api", Quantity: decimal.NewFromInt(5)}}, true
			}
			all[caller] = append(all[caller], op)
		}
	}
	return all
}

// TestCallersAtOnceComeToTheModelsTotals lets eight callers and their workers meet on one account. Whatever the order, a meter's
// price depends on its total alone, so the model, given what was accepted in any order, has the same totals.
func TestCallersAtOnceComeToTheModelsTotals(t *testing.T) {
	d := openDatabase(t)
	size(t, "CONCURRENT", 6, 30)
	rapid.Check(t, func(rt *rapid.T) {
		r := d.realm(model.Standard(began))
		m := newMachine(r)
		m.do(rt, model.Op{Kind: model.Assign, Account: "acme", Ref: "pa", Plan: rapid.SampledFrom([]string{"starter", "strict"}).Draw(rt, "plan")})
		m.drain(rt)
		c := &crowd{r: r, used: map[string]decimal.Decimal{}, reported: map[string]decimal.Decimal{}}
		var wg sync.WaitGroup
		for _, s := range scripts(rt, "acme") {
			wg.Go(func() { c.run(t, s) })
		}
		wg.Wait()
		require.Empty(rt, c.faults)
		r.sound(rt)
		c.rest(t, rt)
		r.sound(rt)
		for meter, quantity := range c.reported {
			c.add(c.used, meter, quantity)
		}
		m.other = nil
		for _, meter := range []string{"api", "gb"} {
			m.do(rt, model.Op{Kind: model.Report, Account: "acme", Ref: meter, Meters: []model.Use{{Meter: meter, Quantity: c.used[meter]}}})
		}
		m.drain(rt)
		if want, got := totals(m.w.Lines()), totals(r.facts(linesSQL)); !slices.Equal(want, got) {
			rt.Fatalf("the model (-) and Postgres (+) differ:%s", difference(want, got))
		}
		require.Equal(rt, m.w.Balance("acme"), r.balance(rt, r.accounts["acme"]))
	})
}

// rest ends every lease and lets the workers finish.
func (c *crowd) rest(t *testing.T, rt *rapid.T) {
	rand.Shuffle(len(c.tokens), func(i, j int) { c.tokens[i], c.tokens[j] = c.tokens[j], c.tokens[i] })
	for _, token := range c.tokens {
		if _, err := c.r.st.ReleaseLease(t.Context(), c.r.call, token); !fault.Is(err, "lease_closed") {
			require.NoError(rt, err)
		}
	}
	for _, step := range []model.Kind{model.Rate, model.Settle} {
		for busy := true; busy; {
			out, err := c.r.worker(model.Op{Kind: step, Account: "acme", Limit: 50})
			require.NoError(rt, err)
			busy = !strings.HasSuffix(out.Said, " 0")
		}
	}
}

// totals are the facts that do not depend on who came first.
func totals(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		return !strings.HasPrefix(line, "funds ") && !strings.HasPrefix(line, "lot ") && !strings.HasPrefix(line, "counter ") &&
			!strings.HasPrefix(line, "ledger ")
	})
}
