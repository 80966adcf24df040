// Package chaos_test kills Durabill's processes and servers while the example is told, and holds the books that come of it
// against those of the same story undisturbed.
package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/tests/chaos/stage"
)

const (
	told = 6 * time.Minute // a story, however often it is broken off, beside all the others
	// Stories wait more than they work, mostly for somebody to miss a process that was killed. A caller's -parallel counts.
	atOnce = "12"
)

// ground is for all that leaves its servers alone.
var ground *stage.Ground

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	err := flag.Set("test.parallel", atOnce)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
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

// newGround is for a test that takes servers away.
func newGround(t *testing.T) *stage.Ground {
	t.Helper()
	g, err := ground.Another(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close(context.Background())) })
	return g
}

func newStage(t *testing.T, g *stage.Ground, setup stage.Setup) *stage.Stage {
	t.Helper()
	s, err := g.NewStage(t.Context(), setup)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			left, err := s.Left(context.Background())
			t.Log("left to do:", left, err)
			for _, name := range s.Names() {
				log, _ := s.Log(name)
				lines := slices.DeleteFunc(strings.Split(log, "\n"), func(l string) bool { return strings.Contains(l, "msg=request") })
				t.Logf("%s:\n%s", name, strings.Join(lines, "\n"))
			}
		}
		require.NoError(t, s.Close())
	})
	return s
}

// telling is the example, told by a client that repeats what it has no answer to.
type telling struct {
	client stage.Patient
	ended  chan struct{}
	err    error // once it has ended
}

func tell(ctx context.Context, s *stage.Stage, say func(string)) *telling {
	out := &telling{ended: make(chan struct{})}
	go func() {
		defer close(out.ended)
		_, out.err = example.Play(ctx, s.Client(&out.client), say)
	}()
	return out
}

func (t *telling) state() string {
	select {
	case <-t.ended:
		return fmt.Sprintf("ended, error: %v", t.err)
	default:
		return "goes on"
	}
}

// requireBooks brings the story's end and gives the books, which must satisfy every invariant.
func requireBooks(t *testing.T, s *stage.Stage, story *telling) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), told)
	defer cancel()
	select {
	case <-story.ended:
		require.NoError(t, story.err)
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
		s := newStage(t, ground, stage.Setup{})
		plain = requireBooks(t, s, tell(t.Context(), s, nil))
	})
	require.NotEmpty(t, plain, "the undisturbed story failed")
	return plain
}

var (
	once  sync.Once
	plain string
)

// die sees a process die at each of the points, and starts it again, armed with the next and at last with none. A story that
// ends before that has not reached them.
func die(ctx context.Context, s *stage.Stage, name string, points []string, story *telling) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-story.ended:
			cancel()
		case <-waiting.Done():
		}
	}()
	for i, armed := range points {
		end, err := s.Ended(waiting, name)
		if err != nil {
			return fmt.Errorf("%s did not die at %s (%w); the story: %s", name, armed, err, story.state())
		}
		point, _, _ := strings.Cut(armed, ":")
		if !end.Killed || end.Point != point {
			return fmt.Errorf("%s was to die at %s and came to %+v", name, armed, end)
		}
		next := ""
		if i+1 < len(points) {
			next = points[i+1]
		}
		if err := s.Start(ctx, name, next); err != nil {
			return err
		}
	}
	return nil
}
