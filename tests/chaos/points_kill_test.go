package chaos_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/tests/chaos/stage"
)

// nth arms a point for the n-th time that one life of a process reaches it.
func nth(point string, n string) string { return point + ":" + n }

// deaths are what the processes of a story die of, one after the other. Together they name every crash point.
var deaths = map[string]map[string][]string{
	"a client without an answer asks again": {
		"api-1": {nth(fault.PointClaimed, "2"), nth(fault.PointUnanswered, "1"), nth(fault.PointBeforeCommit, "2"), nth(fault.PointCommitted, "3"),
			nth(fault.PointUnanswered, "4"), nth(fault.PointUnanswered, "3")},
		"worker-1": {nth(fault.PointUnsettled, "1"), nth(fault.PointUnsettled, "2")},
	},
	"a message on its way to Temporal arrives": {
		"worker-1": {nth(fault.PointUnsent, "1"), nth(fault.PointUnmarked, "1"), nth(fault.PointUnmarked, "4")},
	},
	"a decision that nobody heard of is made once": {
		"worker-1": {nth(fault.PointUncompleted, "5"), nth(fault.PointUncompleted, "12"), nth(fault.PointCommitted, "20"),
			nth(fault.PointBeforeCommit, "30")},
	},
	"a provider that has answered is not asked for more": {
		"worker-1": {nth(fault.PointCallUnrecorded, "1"), nth(fault.PointCallUnrecorded, "5"), nth(fault.PointUnfinished, "1"),
			nth(fault.PointCallBegun, "2"), nth(fault.PointCallUnrecorded, "3")},
	},
}

func TestWhereverAProcessIsKilledTheBooksComeOutTheSame(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for story, processes := range deaths {
		for _, points := range processes {
			for _, p := range points {
				point, _, _ := strings.Cut(p, ":")
				named[point] = true
			}
		}
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			want := undisturbed(t)
			setup := stage.Setup{Faults: map[string]string{}}
			for name, points := range processes {
				setup.Faults[name] = points[0]
			}
			s := newStage(t, ground, setup)
			ctx, cancel := context.WithTimeout(t.Context(), told)
			defer cancel()
			story := tell(ctx, s, nil)
			dying := make(chan error, len(processes))
			for name, points := range processes {
				go func() { dying <- die(ctx, s, name, points, story) }()
			}
			for range processes {
				require.NoError(t, <-dying)
			}
			require.Equal(t, want, requireBooks(t, s, story))
			t.Logf("%d requests were asked again", story.client.Repeats.Load())
		})
	}
	for _, point := range fault.Points() {
		require.True(t, named[point], "no story dies at %s", point)
	}
}
