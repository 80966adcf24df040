// Package packaging holds what ships beside the code to the code: the compose file and the Dockerfile, read as their own tools
// read them. It refuses to need a Docker daemon.
package packaging_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/devenv"
)

// project is the compose file as `docker compose config` gives it, with the environment that a newcomer has: none.
func project(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root(t), "docker-compose.yml")}, cli.WithProfiles([]string{"*"}), cli.WithInterpolation(true),
		cli.WithConsistency(true), cli.WithResolvedPaths(true))
	require.NoError(t, err)
	p, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return p
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := devenv.Root()
	require.NoError(t, err)
	return dir
}

// standing are the services that stay up, and so can fail without ending.
var standing = []string{"postgres", "temporal", "api", "worker"}

func TestEveryServiceThatStaysUpSaysWhetherItIsHealthy(t *testing.T) {
	t.Parallel()
	p := project(t)
	for _, name := range standing {
		check := p.Services[name].HealthCheck
		require.NotNil(t, check, name)
		require.False(t, check.Disable, name)
		require.Equal(t, "CMD", check.Test[0], "%s: an image without a shell runs no other kind", name)
		require.NotNil(t, check.Interval, name)
		require.NotNil(t, check.Retries, name)
	}
	for name, s := range p.Services {
		require.Equal(t, slices.Contains(standing, name), s.Restart == types.RestartPolicyUnlessStopped, name)
	}
}

func TestWhatIsWaitedForCanBeWaitedFor(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, s := range p.Services {
		for other, d := range s.DependsOn {
			switch d.Condition {
			case types.ServiceConditionHealthy:
				require.NotNil(t, p.Services[other].HealthCheck, "%s waits for the health of %s", name, other)
			case types.ServiceConditionCompletedSuccessfully:
				require.Equal(t, types.RestartPolicyNo, p.Services[other].Restart, "%s waits for the end of %s", name, other)
			default:
				require.Fail(t, "a bare start says nothing", "%s waits for %s: %s", name, other, d.Condition)
			}
		}
	}
	for _, name := range []string{"api", "worker"} {
		require.Contains(t, p.Services[name].DependsOn, "migrate")
		require.Contains(t, p.Services[name].DependsOn, "temporal")
	}
}

func TestNothingIsReachableFromAnotherMachine(t *testing.T) {
	t.Parallel()
	var ports []string
	for name, s := range project(t).Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			ports = append(ports, port.Published)
		}
	}
	require.ElementsMatch(t, []string{"8080", "7233", "8233"}, ports, "API, Temporal and its Web UI, each at its own")
}

func TestACheckKnocksWhereItsProcessListens(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, setting := range map[string]string{"api": "DURABILL_HTTP_ADDR", "worker": "DURABILL_HTTP_METRICS_ADDR"} {
		s := p.Services[name]
		knocked, err := url.Parse(s.HealthCheck.Test[len(s.HealthCheck.Test)-1])
		require.NoError(t, err)
		require.Equal(t, "/readyz", knocked.Path, name)
		require.NotNil(t, s.Environment[setting], name)
		require.Equal(t, ":"+knocked.Port(), (*s.Environment[setting])[strings.LastIndex(*s.Environment[setting], ":"):], name)
	}
}

// TestEveryCommandKnowsItsEnvironment asks the binary itself: a variable that nobody reads would be a setting without effect.
func TestEveryCommandKnowsItsEnvironment(t *testing.T) {
	t.Parallel()
	p := project(t)
	binary := filepath.Join(t.TempDir(), "durabill")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/durabill")
	build.Dir = root(t)
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))
	known := map[string]string{}
	for _, name := range []string{"migrate", "seed", "api", "worker"} {
		require.Len(t, p.Services[name].Command, 1, name)
		help, err := exec.CommandContext(t.Context(), binary, p.Services[name].Command[0], "--help").CombinedOutput()
		require.NoError(t, err, string(help))
		known[name] = string(help)
	}
	require.Contains(t, known["migrate"], "$DURABILL_DATABASE_URL")
	for _, name := range []string{"api", "worker"} {
		require.NotEmpty(t, p.Services[name].Environment)
		for variable := range p.Services[name].Environment {
			require.Regexp(t, `\$`+variable+`\b`, known[name], "durabill %s does not know %s", name, variable)
		}
	}
}

func TestTheTemporalServerKnowsItsFlagsAndItsEnvironment(t *testing.T) {
	t.Parallel()
	temporal := project(t).Services["temporal"]
	source, err := os.ReadFile(filepath.Join(root(t), "devstack", "options.go"))
	require.NoError(t, err)
	for variable := range temporal.Environment {
		require.Contains(t, string(source), `os.Getenv("`+variable+`")`)
	}
	for _, word := range temporal.Command {
		if flag, is := strings.CutPrefix(word, "--"); is {
			require.Regexp(t, `fs\.\w+Var\(&\S+ "`+regexp.QuoteMeta(flag)+`"`, string(source))
		}
	}
	require.Contains(t, temporal.HealthCheck.Test[len(temporal.HealthCheck.Test)-1], ":8233/", "the Web UI is there")
}
