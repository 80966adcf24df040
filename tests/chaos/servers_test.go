package chaos_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/chaos/stage"
)

// down is how long a server stays away: long enough for every client to notice.
const down = 2 * time.Second

// disturbed tells the story and does something at the beginning of its steps, by a word of what the story says there. It gives
// the books.
func disturbed(t *testing.T, s *stage.Stage, at map[string]func(context.Context)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), told)
	defer cancel()
	done := 0
	story := tell(ctx, s, func(step string) {
		for word, disturb := range at {
			if strings.Contains(step, word) {
				disturb(ctx)
				done++
			}
		}
	})
	books := requireBooks(t, s, story)
	require.Equal(t, len(at), done, "disturbances")
	return books
}

// beginning are words of the steps after the first; each but the last is followed by a closing of a period or by usage.
var beginning = []string{"four times 700,000", "late usage", "second period"}

func TestPostgresStoppedAtOnceAndStartedChangesNothing(t *testing.T) {
	want := undisturbed(t)
	s := newStage(t, stage.Setup{})
	errs := make(chan error, len(beginning))
	outage := func(ctx context.Context) {
		go func() { // beside the story, which goes on
			time.Sleep(300 * time.Millisecond)
			err := ground.StopPostgres(ctx)
			time.Sleep(down)
			if again := ground.StartPostgres(ctx); err == nil {
				err = again
			}
			errs <- err
		}()
	}
	books := disturbed(t, s, map[string]func(context.Context){beginning[0]: outage, beginning[2]: outage})
	for range 2 {
		require.NoError(t, <-errs)
	}
	require.Equal(t, want, books)
	requireAlive(t, s)
}

func TestTemporalKilledAndStartedChangesNothing(t *testing.T) {
	want := undisturbed(t)
	s := newStage(t, stage.Setup{})
	errs := make(chan error, len(beginning))
	outage := func(ctx context.Context) {
		go func() {
			time.Sleep(300 * time.Millisecond)
			err := ground.KillTemporal()
			time.Sleep(down)
			if again := ground.StartTemporal(ctx); err == nil {
				err = again
			}
			errs <- err
		}()
	}
	books := disturbed(t, s, map[string]func(context.Context){beginning[0]: outage, beginning[1]: outage})
	for range 2 {
		require.NoError(t, <-errs)
	}
	require.Equal(t, want, books)
	requireAlive(t, s)
}

func TestEverythingKilledAtOnceAndStartedChangesNothing(t *testing.T) {
	want := undisturbed(t)
	s := newStage(t, stage.Setup{})
	errs := make(chan error, len(beginning))
	powerCut := func(ctx context.Context) {
		go func() {
			time.Sleep(300 * time.Millisecond)
			errs <- s.PowerCut(ctx)
		}()
	}
	books := disturbed(t, s, map[string]func(context.Context){beginning[0]: powerCut, beginning[1]: powerCut, beginning[2]: powerCut})
	for range beginning {
		require.NoError(t, <-errs)
	}
	require.Equal(t, want, books)
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
