package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDocsPageLoadsEverythingFromThisServer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.call(http.MethodGet, "/docs", "", "Authorization", "")
	require.Equal(t, 200, page.Code)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	require.NotContains(t, page.Body.String(), "://")
	policy := page.Header().Get("Content-Security-Policy")
	require.NotContains(t, policy, "http")
	require.Contains(t, policy, "default-src 'none'")
	assets := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	require.Len(t, assets, 4)
	for _, asset := range assets {
		rec := b.call(http.MethodGet, asset[1], "", "Authorization", "")
		require.Equal(t, 200, rec.Code, asset[1])
		require.NotEmpty(t, rec.Header().Get("Content-Type"))
		if strings.HasSuffix(asset[1], ".css") {
			require.NotRegexp(t, `url\(["']?(https?:)?//`, rec.Body.String())
		}
	}
	start := b.call(http.MethodGet, "/docs/start.js", "").Body.String()
	require.Contains(t, start, `url: "/openapi.json"`)
	require.Contains(t, start, "validatorUrl: null")
}

func TestTheDocsFolderGivesOutItsFilesOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, 200, b.call(http.MethodGet, "/docs/LICENSE", "").Code)
	for _, path := range []string{"/docs/none.js", "/docs/..", "/docs/%2e%2e", "/docs/../server.go", "/docs/."} {
		refused(t, b.call(http.MethodGet, path, ""), 404, "not_found")
	}
}
