package chaos_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/chaos/stage"
)

// down is how long a server stays away: long enough for every client to notice.
const down = 2 * time.Second

// beginning are words of the steps after the first; each but the last is followed by a closing of a period or by usage.
var beginning = []string{"four times 700,000", "late usage", "second period"}

// disturbed tells the story and does something beside it, soon after the beginning of each of these steps. It gives the books.
func disturbed(t *testing.T, s *stage.Stage, steps []string, disturb func(context.Context) error) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), told)
	defer cancel()
	errs := make(chan error, len(steps))
	story := tell(ctx, s, func(step string) {
		if slices.ContainsFunc(steps, func(word string) bool { return strings.Contains(step, word) }) {
			go func() { // the story goes on
				time.Sleep(300 * time.Millisecond)
				errs <- disturb(ctx)
			}()
		}
	})
	books := requireBooks(t, s, story)
	for range steps {
		select {
		case err := <-errs:
			require.NoError(t, err)
		case <-ctx.Done():
			require.FailNow(t, "a step was not disturbed")
		}
	}
	return books
}

// away takes a server away for a while.
func away(stop, start func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := stop(ctx)
		time.Sleep(down)
		return errors.Join(err, start(ctx))
	}
}

func TestPostgresStoppedAtOnceAndStartedChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, newGround(t), stage.Setup{})
	books := disturbed(t, s, []string{beginning[0], beginning[2]}, away(s.StopPostgres, s.StartPostgres))
	require.Equal(t, undisturbed(t), books)
	requireAlive(t, s)
}

func TestTemporalKilledAndStartedChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, newGround(t), stage.Setup{})
	books := disturbed(t, s, beginning[:2], away(func(context.Context) error { return s.KillTemporal() }, s.StartTemporal))
	require.Equal(t, undisturbed(t), books)
	requireAlive(t, s)
}

func TestEverythingKilledAtOnceAndStartedChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, newGround(t), stage.Setup{})
	books := disturbed(t, s, beginning, s.PowerCut)
	require.Equal(t, undisturbed(t), books)
}

// requireAlive: a server's absence is no reason for our processes to end.
func requireAlive(t *testing.T, s *stage.Stage) {
	t.Helper()
	for _, name := range s.Names() {
		require.True(t, s.Running(name), name)
		log, err := s.Log(name)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(log, "msg=serving"), "%s was never started again", name)
	}
}
