package tenants_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
)

// eachRouteAsksForItsScope makes the same call with a key that has every scope but the route's, and with one that has no other.
func eachRouteAsksForItsScope(t *testing.T, b *tenant) {
	only, without := map[string]string{}, map[string]string{}
	for _, scope := range api.Scopes() {
		only[scope] = b.newKey(scope).str("secret")
		without[scope] = b.newKey(slices.DeleteFunc(api.Scopes(), func(s string) bool { return s == scope })...).str("secret")
	}
	for _, r := range routes(t) {
		build := fixtures[r.name()]
		if r.Scope == "" {
			require.True(t, strings.HasPrefix(r.Path, "/webhooks/"), "%s can be called by anyone", r.name())
			continue
		}
		require.Contains(t, only, r.Scope, r.name())
		if build == nil {
			continue // its name is in the test of foreign ids
		}
		c := build(b)[0]
		b.settle(t)
		before := b.everything(t)
		refused := b.sendAs(without[r.Scope], r.Method, c.target(t, r), c)
		require.Equal(t, http.StatusForbidden, refused.status, "%s without %s: %s", r.name(), r.Scope, refused.text)
		require.Equal(t, "scope_missing", refused.code, r.name())
		require.Equal(t, before, b.everything(t), r.name())
		got := b.sendAs(only[r.Scope], r.Method, c.target(t, r), c)
		require.Less(t, got.status, 300, "%s with %s alone: %s", r.name(), r.Scope, got.text)
	}
}
