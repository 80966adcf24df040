package chaos_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/tests/chaos/stage"
)

var (
	declared = regexp.MustCompile(`(?m)^\t(Point\w+) += "([a-z_.]+)"`)
	called   = regexp.MustCompile(`fault\.Point\(fault\.(Point\w+)\)`)
)

func TestEveryCrashPointIsInTheListAndInTheCode(t *testing.T) {
	t.Parallel()
	root, err := devenv.Root()
	require.NoError(t, err)
	list, err := os.ReadFile(filepath.Join(root, "fault", "points.go"))
	require.NoError(t, err)
	var names, values, used []string
	for _, m := range declared.FindAllStringSubmatch(string(list), -1) {
		names, values = append(names, m[1]), append(values, m[2])
	}
	require.ElementsMatch(t, values, fault.Points())
	files, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "*.go").Output()
	require.NoError(t, err)
	for _, file := range strings.Fields(string(files)) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		for _, m := range called.FindAllSubmatch(text, -1) {
			used = append(used, string(m[1]))
		}
	}
	slices.Sort(names)
	slices.Sort(used)
	require.Equal(t, names, used, "each point is one place")
}

// The linker keeps a function that anybody calls; a call that was inlined to nothing leaves none.
func TestTheNormalBuildHasNoCrashPoints(t *testing.T) {
	t.Parallel()
	symbols := func(binary string) string {
		out, err := exec.CommandContext(t.Context(), "go", "tool", "nm", binary).Output()
		require.NoError(t, err)
		return string(out)
	}
	const point = "github.com/durabill/durabill/fault.Point\n"
	require.Contains(t, symbols(ground.Binary), point)
	binary, err := stage.Build(t.Context(), t.TempDir(), "")
	require.NoError(t, err)
	normal := symbols(binary)
	require.Contains(t, normal, "github.com/durabill/durabill/fault.New\n")
	require.NotContains(t, normal, "github.com/durabill/durabill/fault.Point")
	require.NotContains(t, normal, "github.com/durabill/durabill/fault.armed")
}
