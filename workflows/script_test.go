package workflows_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/durabill/durabill/activities"
)

// script stands for the activities where a test is about nothing but their order and their failures; what they do is tested
// on a real database elsewhere.
type script struct {
	*testsuite.TestWorkflowEnvironment
	t      *testing.T
	mu     sync.Mutex
	played []string
}

func newScript(t *testing.T) *script {
	t.Helper()
	s := &script{TestWorkflowEnvironment: newEnv(t, "test"), t: t}
	s.on("EndWait", func() error { return nil })
	return s
}

// play puts a function in an activity's place.
func (s *script) play(name string, fn any) {
	s.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name, DisableAlreadyRegisteredCheck: true})
}

// on plays an activity that answers nothing but an error.
func (s *script) on(name string, play func() error) {
	s.play(name, func(context.Context, any) error { s.note(name); return play() })
}

// answers plays an activity: one answer after the other, and the last for ever.
func answers[T any](s *script, name string, list ...T) {
	s.play(name, func(context.Context, any) (T, error) {
		n := s.note(name)
		return list[min(n, len(list))-1], nil
	})
}

// note counts, so that the first call is 1.
func (s *script) note(activity string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.played = append(s.played, activity)
	n := 0
	for _, p := range s.played {
		if p == activity {
			n++
		}
	}
	return n
}

// order is what was played, without the waits between.
func (s *script) order() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.played), func(a string) bool { return a == "EnterWait" })
}

func (s *script) times(activity string) int {
	n := 0
	for _, a := range s.order() {
		if a == activity {
			n++
		}
	}
	return n
}

// realTime lets the account live on the environment's own time, which skips ahead.
func (s *script) realTime() {
	s.play("EnterWait", func(_ context.Context, in activities.EnterWaitInput) (activities.WaitState, error) {
		s.note("EnterWait")
		now := s.Now()
		return activities.WaitState{Now: now, Reached: !now.Before(in.Due)}, nil
	})
}

// clockTime lets the account live on a test clock that nobody moves.
func (s *script) clockTime(now time.Time) {
	s.play("EnterWait", func(_ context.Context, in activities.EnterWaitInput) (activities.WaitState, error) {
		s.note("EnterWait")
		return activities.WaitState{Now: now, OnClock: true, Reached: !now.Before(in.Due)}, nil
	})
}

// after does something while the workflow waits.
func (s *script) after(d time.Duration, do func()) { s.RegisterDelayedCallback(do, d) }

func refusal(code string) error {
	return temporal.NewNonRetryableApplicationError("refused", code, nil)
}

func failure() error { return temporal.NewApplicationError("the database is away", "unavailable") }
