package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// pairs is the load: each client authorises one API request for an account, commits it, and goes on with another account.
// Latencies are those of single requests.
func (h *house) pairs(ctx context.Context, clients int, each time.Duration) (measurement, error) {
	h.runs++
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	var (
		mu      sync.Mutex
		all     []time.Duration
		done    int
		failed  int
		problem error
		group   sync.WaitGroup
	)
	began := time.Now()
	for client := range clients {
		group.Go(func() {
			c := caller{house: h, random: rand.New(rand.NewPCG(uint64(h.runs), uint64(client)))} //nolint:gosec // which account comes next is no secret
			for n := 0; ctx.Err() == nil; n++ {
				c.pair(ctx, fmt.Sprintf("b%d-%d-%d", h.runs, client, n))
			}
			mu.Lock()
			defer mu.Unlock()
			all, done, failed = append(all, c.took...), done+c.done, failed+c.failed
			if c.problem != nil {
				problem = c.problem
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	if done == 0 {
		return measurement{}, fmt.Errorf("no pair got through: %w", problem)
	}
	slices.Sort(all)
	return measurement{rate: float64(done) / took.Seconds(), p50: quantile(all, 0.5), p99: quantile(all, 0.99), failed: failed}, nil
}

// caller is one client.
type caller struct {
	house        *house
	random       *rand.Rand
	took         []time.Duration
	done, failed int
	problem      error
}

func (c *caller) pair(ctx context.Context, key string) {
	meters := []map[string]any{{"meter_code": "api_requests", "quantity": "1"}}
	principal := c.house.principals[c.random.IntN(len(c.house.principals))]
	var granted struct {
		Decision, Reason string
		Lease            struct{ Token string }
	}
	if !c.post(ctx, "/v1/authorize", key, map[string]any{"principal_id": principal, "feature_code": "api.requests", "meters": meters}, &granted) {
		return
	}
	if granted.Decision != "allow" {
		c.fail(fmt.Errorf("%s: %s", granted.Decision, granted.Reason))
		return
	}
	if c.post(ctx, "/v1/commit", key, map[string]any{"lease_token": granted.Lease.Token, "meters": meters}, nil) {
		c.done++
	}
}

func (c *caller) post(ctx context.Context, path, key string, body, out any) bool {
	began := time.Now()
	err := c.house.client.Post(ctx, path, key, body, out)
	if ctx.Err() != nil {
		return false // the time is up
	}
	if err != nil {
		c.fail(err)
		return false
	}
	c.took = append(c.took, time.Since(began))
	return true
}

func (c *caller) fail(err error) { c.failed, c.problem = c.failed+1, err }
