// Package chaos_test kills Durabill's processes and servers while the example is told, and holds the books that come of it
// against those of the same story undisturbed.
package chaos_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/tests/chaos/stage"
)

const (
	told   = 4 * time.Minute // a story, however often it is broken off
	mended = 2 * time.Minute
)

var ground *stage.Ground

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	var err error
	if ground, err = stage.Open(ctx, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	status := m.Run()
	if err := ground.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	return status
}

func newStage(t *testing.T, setup stage.Setup) *stage.Stage {
	t.Helper()
	s, err := ground.NewStage(t.Context(), setup)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range s.Names() {
				log, _ := s.Log(name)
				t.Logf("%s:\n%s", name, tail(log, 4000))
			}
		}
		require.NoError(t, s.Close())
	})
	return s
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// telling is the example, told by a client that repeats what it has no answer to.
type telling struct {
	client stage.Patient
	done   chan error
}

func tell(ctx context.Context, s *stage.Stage, say func(string)) *telling {
	out := &telling{done: make(chan error, 1)}
	go func() {
		_, err := example.Play(ctx, s.Client(&out.client), say)
		out.done <- err
	}()
	return out
}

// requireBooks brings the story's end and gives the books, which must satisfy every invariant.
func requireBooks(t *testing.T, s *stage.Stage, story *telling) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), told)
	defer cancel()
	select {
	case err := <-story.done:
		require.NoError(t, err)
	case <-ctx.Done():
		require.FailNow(t, "the story does not end")
	}
	require.NoError(t, s.Rest(ctx))
	violations, err := s.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, violations)
	books, err := s.Dump(ctx)
	require.NoError(t, err)
	return books
}

// undisturbed are the books of the story when nothing goes wrong.
func undisturbed(t *testing.T) string {
	t.Helper()
	once.Do(func() {
		s := newStage(t, stage.Setup{})
		plain = requireBooks(t, s, tell(t.Context(), s, nil))
	})
	require.NotEmpty(t, plain, "the undisturbed story failed")
	return plain
}

var (
	once  sync.Once
	plain string
)
