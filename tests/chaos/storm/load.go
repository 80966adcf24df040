package storm

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness/oracle"
)

// clocks are where half of the accounts live; the others live in real time.
const clocks, accounts = 2, 6

var start = time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)

func (s *storm) populate(ctx context.Context) error {
	for range clocks {
		id, err := s.world.CreateClock(ctx, start.Format(time.RFC3339))
		if err != nil {
			return err
		}
		s.clocks = append(s.clocks, id)
	}
	for n := range accounts {
		clock := ""
		if n%2 == 0 {
			clock = s.clocks[n/2%clocks]
		}
		a, err := s.world.CreateAccount(ctx, clock)
		if err != nil {
			return err
		}
		if _, err := s.world.Assign(ctx, a); err != nil {
			return err
		}
	}
	var found struct{ Data []struct{ ID string } }
	if err := s.world.Get(ctx, "/mgt/v1/pricing-models", &found); err != nil {
		return err
	}
	s.model = found.Data[0].ID
	return nil
}

// client writes until the wind drops; what it has begun it brings to an end.
func (s *storm) client(blowing, patient context.Context, draw *rand.Rand) error {
	for blowing.Err() == nil {
		all := s.world.Accounts()
		a := all[draw.IntN(len(all))]
		if err := s.write(patient, draw, a); err != nil {
			return err
		}
	}
	return nil
}

func (s *storm) write(ctx context.Context, draw *rand.Rand, a *oracle.Account) error {
	switch n := draw.IntN(100); {
	case n < 35:
		return s.world.Use(ctx, a)
	case n < 70:
		return s.world.Work(ctx, a, oracle.End(draw.IntN(4)))
	case n < 80:
		return s.world.Misuse(ctx, a)
	case n < 85:
		return s.buy(ctx, a)
	case n < 88:
		return s.world.Catalogue(ctx, s.model)
	case n < 90:
		return s.world.ServiceKey(ctx)
	case n < 92:
		return s.world.Sell(ctx)
	case n < 95:
		return s.halt(ctx)
	default:
		return s.customer(ctx, draw)
	}
}

// customer is an account that comes, and often goes.
func (s *storm) customer(ctx context.Context, draw *rand.Rand) error {
	clock := ""
	if draw.IntN(2) == 0 {
		clock = s.clocks[draw.IntN(len(s.clocks))]
	}
	a, err := s.world.CreateAccount(ctx, clock)
	if err != nil || a == nil {
		return err
	}
	id, err := s.world.Assign(ctx, a)
	if err != nil || id == "" || draw.IntN(2) == 0 {
		return err
	}
	return s.world.Cancel(ctx, id)
}

// halt stops an account that does nothing else; parking is what the product does when money does not match.
func (s *storm) halt(ctx context.Context) error {
	a, err := s.world.CreateAccount(ctx, "")
	if err != nil || a == nil {
		return err
	}
	id, err := keys.Decode(keys.BillingAccount, a.ID)
	if err != nil {
		return err
	}
	return s.world.Halt(ctx, a, func(ctx context.Context) error { return s.Store.ParkAccount(ctx, s.Call, id, "for the storm") })
}

// buy opens a page and pays on it.
func (s *storm) buy(ctx context.Context, a *oracle.Account) error {
	session, err := s.world.Buy(ctx, a)
	if err != nil || session == "" {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Stripe+"/_fake/checkout/sessions/"+session+"/complete", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode == http.StatusOK {
		s.world.Bought(a)
	}
	return res.Body.Close()
}

type clockView struct {
	Now, Target time.Time
	Status      string
	BlockedOn   []string `json:"blocked_on"`
	WaitsFor    []string `json:"waits_for"`
}

// turn moves the clocks on, whenever one rests.
func (s *storm) turn(blowing, patient context.Context, draw *rand.Rand) error {
	for blowing.Err() == nil {
		clock := s.clocks[draw.IntN(len(s.clocks))]
		var c clockView
		if err := s.world.Get(patient, "/mgt/v1/test-clocks/"+clock, &c); err != nil {
			return err
		}
		if c.Status != "advancing" {
			if err := s.world.Advance(patient, clock, c.Now.Add(time.Duration(1+draw.IntN(10))*24*time.Hour)); err != nil {
				return err
			}
		}
		select {
		case <-blowing.Done():
		case <-time.After(2 * time.Second):
		}
	}
	return nil
}

// arrive waits until a clock rests; one that was blocked while the servers were down is sent on its way again.
func (s *storm) arrive(ctx context.Context, clock string) error {
	var c clockView
	for {
		var now clockView
		if err := s.world.Get(ctx, "/mgt/v1/test-clocks/"+clock, &now); err != nil {
			return fmt.Errorf("%w; at last it was %+v", err, c)
		}
		c = now
		switch c.Status {
		case "ready":
			return nil
		case "blocked":
			s.report.Faults["clock blocked"]++
			s.Say("clock %s is blocked by %v", clock, c.BlockedOn)
			if err := s.world.Advance(ctx, clock, c.Target); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; at last it was %+v", ctx.Err(), c)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
