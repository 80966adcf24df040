package tenants_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRealms shares one system: its parts look at the same two realms and leave them whole.
func TestRealms(t *testing.T) {
	a, b := two(t)
	t.Run("no table shows a row of another realm", func(t *testing.T) { noTableShowsARowOfAnother(t, a.in(t), b.in(t)) })
	t.Run("a key opens no realm but its own", func(t *testing.T) { aKeyOpensNoOtherRealm(t, a.in(t), b.in(t)) })
	t.Run("each route asks for its scope and for no other", func(t *testing.T) { eachRouteAsksForItsScope(t, b.in(t)) })
	t.Run("every management write leaves one audit row", func(t *testing.T) { everyWriteIsAudited(t, b.in(t)) })
	t.Run("a key and its secrets end", func(t *testing.T) { keysAndSecretsEnd(t, b.in(t)) })
	t.Run("no route takes an id of another realm", func(t *testing.T) { noRouteTakesAForeignID(t, a, b) })
}

func noRouteTakesAForeignID(t *testing.T, a, b *tenant) {
	all := routes(t)
	known := 0
	for _, r := range all {
		build, ok := fixtures[r.name()]
		if !ok {
			t.Errorf("%s (%s) has no fixture: say in fixture_test.go how it is called", r.name(), r.ID)
			continue
		}
		known++
		t.Run(r.name(), func(t *testing.T) {
			a, b := a.in(t), b.in(t)
			refusesForeign(t, r, build(a), build(b), a, b)
		})
	}
	require.Equal(t, known, len(fixtures), "a fixture is of a route that is gone")
}

// refusesForeign calls a route as B, with each id in turn replaced by A's, and then with nothing but its own.
func refusesForeign(t *testing.T, r route, theirs, own []call, a, b *tenant) {
	require.Len(t, theirs, len(own))
	a.settle(t)
	untested := slices.Clone(r.IDs)
	before := a.everything(t)
	for i, mine := range own {
		for _, field := range r.IDs {
			foreign := counterpart(theirs, mine, field, i)
			if mine.get(field) == "" || foreign == "" {
				continue
			}
			untested = slices.DeleteFunc(untested, func(f string) bool { return f == field })
			if mine.own == field {
				continue
			}
			require.NotEqual(t, mine.get(field), foreign, "%s: both realms have the same %s", r.name(), field)
			c := mine.with(field, foreign)
			got := b.send(r.Method, c.target(t, r), c)
			status, code := http.StatusNotFound, "not_found"
			if c.refusal != 0 {
				require.NotEmpty(t, c.because)
				status, code = c.refusal, c.code
			}
			require.Equal(t, status, got.status, "%s with another realm's %s: %s", r.name(), field, got.text)
			require.Equal(t, code, got.code, "%s with another realm's %s", r.name(), field)
			require.NotContains(t, got.text, foreign, "the refusal says nothing about the object")
		}
	}
	require.Empty(t, untested, "%s takes ids that no fixture carries", r.name())
	require.Equal(t, before, a.everything(t), "%s changed something", r.name())
	for _, mine := range own {
		got := b.send(r.Method, mine.target(t, r), mine)
		require.Less(t, got.status, 300, "%s with its own ids: %s", r.name(), got.text)
	}
}

// counterpart finds the same field in A's calls, which come in any order.
func counterpart(theirs []call, mine call, field string, i int) string {
	if value := theirs[i].get(field); value != "" {
		return value
	}
	for _, c := range theirs {
		if value := c.get(field); value != "" {
			return value
		}
	}
	return ""
}

func aKeyOpensNoOtherRealm(t *testing.T, a, b *tenant) {
	for _, r := range routes(t) {
		build := fixtures[r.name()]
		if build == nil || r.Scope == "" {
			continue
		}
		c := build(a)[0]
		a.settle(t)
		before := a.everything(t)
		got := a.sendAs(b.key, r.Method, c.target(t, r), c)
		require.Equal(t, http.StatusForbidden, got.status, "%s: %s", r.name(), got.text)
		require.Equal(t, "realm_mismatch", got.code, r.name())
		require.Equal(t, before, a.everything(t), r.name())
	}
}
