package contract_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/tests/contract"
)

// infrastructure is what the router answers beside the contract.
var infrastructure = []string{"GET /healthz", "GET /readyz", "GET /openapi.json", "GET /docs", "GET /docs/{file}"}

type operation struct {
	ID          string                `json:"operationId"`
	Summary     string                `json:"summary"`
	Scope       string                `json:"x-scope"`
	Idempotency string                `json:"x-idempotency"`
	Security    []map[string][]string `json:"security"`
	Responses   map[string]any        `json:"responses"`
}

func document(t *testing.T, raw []byte) map[string]operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	out := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			out[strings.ToUpper(method)+" "+path] = op
		}
	}
	return out
}

func TestRouterAndDocumentListTheSameOperations(t *testing.T) {
	t.Parallel()
	router := api.New(api.Deps{})
	raw, err := router.OpenAPI()
	require.NoError(t, err)
	var documented []string
	for name := range document(t, raw) {
		documented = append(documented, name)
	}
	routes := slices.DeleteFunc(router.Routes(), func(r string) bool { return slices.Contains(infrastructure, r) })
	require.ElementsMatch(t, routes, documented)
}

func TestEveryOperationSaysWhoMayCallItAndHowOftenItActs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../api/openapi.json")
	require.NoError(t, err)
	ids := map[string]string{}
	for name, op := range document(t, raw) {
		require.NotEmpty(t, op.ID, name)
		require.NotEmpty(t, op.Summary, name)
		require.Empty(t, ids[op.ID], "%s and %s share an operationId", name, ids[op.ID])
		ids[op.ID] = name
		require.Equal(t, op.Scope == "", len(op.Security) == 0, name)
		require.NotEmpty(t, op.Idempotency, name)
		require.Contains(t, op.Responses, "default", "%s documents its problems", name)
		require.Regexp(t, `^[A-Z]+ /(mgt/v1|v1|webhooks)/`, name)
	}
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../api/openapi.json")
	require.NoError(t, err)
	doc, err := contract.Load(raw)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"))
}
