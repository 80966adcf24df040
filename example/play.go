package example

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The story's instants, UTC. The account's zone is Europe/Berlin, its anchor the 31st at midnight.
var (
	Begin  = time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	Start  = time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC)
	First  = time.Date(2026, 2, 5, 10, 0, 0, 0, time.UTC)
	Grace  = time.Date(2026, 2, 27, 23, 30, 0, 0, time.UTC)
	Second = time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	End    = time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
)

// Story is where the play stands: the objects it made.
type Story struct {
	Client
	ClockID      string
	AccountID    string
	AssignmentID string
	// Tell is told each step before it is taken; nil for silence.
	Tell func(step string)
}

// Play tells the story from wherever its clock stands; every write has a key of its own, so telling it again bills nothing twice.
func Play(ctx context.Context, c Client, tell func(string)) (*Story, error) {
	s := &Story{Client: c, Tell: tell}
	for _, step := range []func(context.Context) error{s.setUp, s.february, s.lateUsage, s.march, s.april} {
		if err := step(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *Story) tell(format string, args ...any) {
	if s.Tell != nil {
		s.Tell(fmt.Sprintf(format, args...))
	}
}

type clockView struct {
	ID        string    `json:"id"`
	Now       time.Time `json:"now"`
	Status    string    `json:"status"`
	BlockedOn []string  `json:"blocked_on"`
	Version   int64     `json:"version"`
}

func (s *Story) setUp(ctx context.Context) error {
	s.tell("a test clock at %s, the account acme, and plan api-starter from %s", Begin.Format(time.DateTime), Start.Format(time.DateTime))
	var clocks struct{ Data []clockView }
	if err := s.Get(ctx, "/mgt/v1/test-clocks?name=demo", &clocks); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if len(clocks.Data) == 0 {
		clocks.Data = make([]clockView, 1)
		if err := s.Post(ctx, "/mgt/v1/test-clocks", "demo-clock", map[string]any{"name": "demo", "now": Begin}, &clocks.Data[0]); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
	}
	s.ClockID = clocks.Data[0].ID
	if err := s.account(ctx); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	return s.assignment(ctx)
}

type listed struct{ Data []struct{ ID string } }

func (s *Story) account(ctx context.Context) error {
	var found listed
	if err := s.Get(ctx, "/mgt/v1/billing-accounts?principal_id=acme", &found); err != nil {
		return err
	}
	if len(found.Data) > 0 {
		s.AccountID = found.Data[0].ID
		return nil
	}
	var made struct{ ID string }
	err := s.Post(ctx, "/mgt/v1/billing-accounts", "demo-account", map[string]any{"principal_id": "acme", "name": "ACME GmbH",
		"email": "billing@acme.example", "timezone": "Europe/Berlin", "test_clock_id": s.ClockID}, &made)
	s.AccountID = made.ID
	return err
}

func (s *Story) assignment(ctx context.Context) error {
	find := func() (string, error) {
		var found struct {
			Data []struct {
				ID        string
				SourceRef string `json:"source_ref"`
			}
		}
		err := s.Get(ctx, "/mgt/v1/plan-assignments?billing_account_id="+s.AccountID, &found)
		for _, a := range found.Data {
			if a.SourceRef == "acme" {
				return a.ID, err
			}
		}
		return "", err
	}
	id, err := find()
	if err == nil && id == "" {
		if err = s.Post(ctx, "/mgt/v1/plan-assignments", "demo-assignment", map[string]any{"billing_account_id": s.AccountID,
			"plan_code": "api-starter", "source_kind": "demo", "source_ref": "acme", "start_at": Start}, nil); err == nil {
			id, err = find()
		}
	}
	s.AssignmentID = id
	if err != nil {
		return fmt.Errorf("assignment: %w", err)
	}
	return nil
}

func (s *Story) february(ctx context.Context) error {
	return s.at(ctx, First, "four times 700,000 API requests", func() error { return s.pairs(ctx, "feb", "700000") })
}

func (s *Story) lateUsage(ctx context.Context) error {
	return s.at(ctx, Grace, "late usage of both sides of the boundary, while the first period is in grace", func() error {
		if err := s.usage(ctx, "late-1", "api_requests", "700000", time.Date(2026, 2, 27, 22, 0, 0, 0, time.UTC)); err != nil {
			return err
		}
		return s.usage(ctx, "late-2", "api_requests", "250000", time.Date(2026, 2, 27, 23, 0, 0, 0, time.UTC))
	})
}

func (s *Story) march(ctx context.Context) error {
	return s.at(ctx, Second, "four times 250,000 API requests, and AI compute that has no price", func() error {
		if err := s.pairs(ctx, "mar", "250000"); err != nil {
			return err
		}
		return s.usage(ctx, "ai-1", "ai_compute", "3600", Second)
	})
}

func (s *Story) april(ctx context.Context) error {
	return s.at(ctx, End, "the second period closes", func() error { return nil })
}

// at brings the clock to an instant, unless it is past it, and does what happens there.
func (s *Story) at(ctx context.Context, t time.Time, what string, do func() error) error {
	now, err := s.Clock(ctx)
	if err != nil {
		return err
	}
	if now.After(t) {
		return nil
	}
	s.tell("%s  %s", t.Format(time.DateTime), what)
	if err := s.Advance(ctx, t); err != nil {
		return err
	}
	return do()
}

// Clock reads where the story's clock stands.
func (s *Story) Clock(ctx context.Context) (time.Time, error) {
	c, err := s.clock(ctx)
	return c.Now, err
}

func (s *Story) clock(ctx context.Context) (clockView, error) {
	var c clockView
	err := s.Get(ctx, "/mgt/v1/test-clocks/"+s.ClockID, &c)
	return c, err
}

// Advance moves the clock and waits until everything has come to rest there.
func (s *Story) Advance(ctx context.Context, to time.Time) error {
	c, err := s.clock(ctx)
	if err != nil {
		return err
	}
	if c.Now.Before(to) && c.Status != "advancing" {
		// A clock that is blocked stands where it stood, in another version: asked under the old key, it would never move again.
		key := fmt.Sprintf("demo-advance-%s-v%d", to.Format(time.RFC3339), c.Version)
		err := s.Post(ctx, "/mgt/v1/test-clocks/"+s.ClockID+"/advance", key, map[string]any{"target": to}, nil)
		if err != nil {
			return fmt.Errorf("advance to %s: %w", to, err)
		}
	}
	for {
		c, err := s.clock(ctx)
		switch {
		case err != nil:
			return err
		case c.Status == "blocked":
			return fmt.Errorf("the clock is blocked at %s by %v", c.Now, c.BlockedOn)
		case c.Status == "ready":
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errDenied = errors.New("denied")

// pairs authorises and commits API requests four times.
func (s *Story) pairs(ctx context.Context, name, quantity string) error {
	meters := []map[string]any{{"meter_code": "api_requests", "quantity": quantity}}
	for i := range 4 {
		key := fmt.Sprintf("demo-%s-%d", name, i+1)
		var granted struct {
			Decision string
			Reason   string
			Lease    struct{ Token string }
		}
		err := s.Post(ctx, "/v1/authorize", key, map[string]any{"principal_id": "acme", "feature_code": "api.requests", "meters": meters}, &granted)
		if err != nil {
			return fmt.Errorf("authorize: %w", err)
		}
		if granted.Decision != "allow" {
			return fmt.Errorf("authorize: %w: %s", errDenied, granted.Reason)
		}
		if err := s.Post(ctx, "/v1/commit", key, map[string]any{"lease_token": granted.Lease.Token, "meters": meters}, nil); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	return nil
}

func (s *Story) usage(ctx context.Context, name, meter, quantity string, at time.Time) error {
	err := s.Post(ctx, "/v1/usage", "demo-"+name, map[string]any{"principal_id": "acme", "occurred_at": at,
		"meters": []map[string]any{{"meter_code": meter, "quantity": quantity}}}, nil)
	if err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	return nil
}
