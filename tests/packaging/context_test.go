package packaging_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/stretchr/testify/require"
)

// sent are the patterns by which a builder leaves files of the checkout behind.
func sent(t *testing.T) *patternmatcher.PatternMatcher {
	t.Helper()
	f, err := os.Open(filepath.Join(root(t), ".dockerignore"))
	require.NoError(t, err)
	patterns, err := ignorefile.ReadAll(f)
	require.NoError(t, errors.Join(err, f.Close()))
	m, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	return m
}

// sources are the files of this checkout that a program is compiled from, with what they embed.
func sources(t *testing.T, dir, program string) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,GoFiles,EmbedFiles,Module", program)
	list.Dir, list.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := list.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, list.Start())
	all := []string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")}
	for in := json.NewDecoder(out); ; {
		var p struct {
			Dir                 string
			GoFiles, EmbedFiles []string
			Module              *struct{ Main bool }
		}
		err := in.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, name := range append(p.GoFiles, p.EmbedFiles...) {
			all = append(all, filepath.Join(p.Dir, name))
		}
	}
	require.NoError(t, list.Wait())
	return all
}

// TestTheBuilderIsSentEverythingThatTheProgramsAreBuiltFrom reads .dockerignore as the builder does: a package that is not sent
// breaks no test of Go's, and every build of an image.
func TestTheBuilderIsSentEverythingThatTheProgramsAreBuiltFrom(t *testing.T) {
	t.Parallel()
	m := sent(t)
	for dir, program := range map[string]string{root(t): "./cmd/durabill", filepath.Join(root(t), "devstack"): "."} {
		for _, path := range sources(t, dir, program) {
			path, err := filepath.Rel(root(t), path)
			require.NoError(t, err)
			left, err := m.MatchesOrParentMatches(path)
			require.NoError(t, err)
			if left {
				t.Errorf("%s is not sent", path)
			}
		}
	}
	for _, path := range []string{".git/config", ".cache/bin/x", "README.md", "tests/packaging/context_test.go", "api/health_test.go"} {
		left, err := m.MatchesOrParentMatches(path)
		require.NoError(t, err)
		require.True(t, left, "%s is sent", path)
	}
}
