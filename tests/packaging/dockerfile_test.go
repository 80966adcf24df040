package packaging_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stages gives the lines of each stage of a Dockerfile, after its FROM, by the stage's name.
func stages(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	all, at := map[string][]string{}, ""
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		words := strings.Fields(line)
		if len(words) == 4 && words[0] == "FROM" && words[2] == "AS" {
			at = words[3]
			all[at] = []string{}
		} else if at != "" && len(words) > 0 {
			all[at] = append(all[at], strings.Join(words, " "))
		}
	}
	return all
}

func TestEveryImageIsAStageThatRunsAsNobodyInParticular(t *testing.T) {
	t.Parallel()
	p, built := project(t), map[string]bool{}
	for name, s := range p.Services {
		if s.Build == nil {
			require.Equal(t, "postgres", name, "everything else is built from here")
			continue
		}
		lines, is := stages(t, filepath.Join(s.Build.Context, s.Build.Dockerfile))[s.Build.Target]
		require.True(t, is, "%s: there is no stage %s", name, s.Build.Target)
		require.Contains(t, lines, "USER nonroot", name)
		require.NotNil(t, s.Build.Args["RUNTIME"], name)
		require.Contains(t, *s.Build.Args["RUNTIME"], "nonroot", name)
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		built[s.Build.Target] = true
	}
	require.Equal(t, map[string]bool{"durabill": true, "devstack": true}, built)
}

// TestEveryStageCopiesWhatIsThere follows each COPY to the build's context, or to the output of another stage.
func TestEveryStageCopiesWhatIsThere(t *testing.T) {
	t.Parallel()
	all := stages(t, filepath.Join(root(t), "Dockerfile"))
	for name, lines := range all {
		for _, line := range lines {
			words := strings.Fields(line)
			if words[0] != "COPY" {
				continue
			}
			if from, is := strings.CutPrefix(words[1], "--from="); is {
				require.Contains(t, strings.Join(all[from], "\n"), "-o "+words[2]+" ", "%s: %s", name, line)
				continue
			}
			for _, source := range words[1 : len(words)-1] {
				_, err := os.Stat(filepath.Join(root(t), source))
				require.NoError(t, err, "%s: %s", name, line)
			}
		}
	}
}
