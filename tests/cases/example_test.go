package cases_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/system"
)

// What the document shows must work as it stands.
func TestEveryComputeEndpointAnswersItsExample(t *testing.T) {
	sys := system.Start(t)
	raw, err := sys.Server.OpenAPI()
	require.NoError(t, err)
	paths := decode[struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct{ Example object }
				}
			}
		}
	}](t, raw).Paths
	asked := 0
	for path, methods := range paths {
		if strings.HasPrefix(path, "/mgt/v1/compute/") {
			example := methods.Post.RequestBody.Content["application/json"].Example
			require.NotEmpty(t, example, path)
			require.NotEmpty(t, post(t, sys, path, example), path)
			asked++
		}
	}
	require.Equal(t, 6, asked)
}
