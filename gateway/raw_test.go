package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func post(t *testing.T, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewBufferString(body))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	return res.StatusCode
}

// count gives how many objects a list of the fake holds, up to 100.
func count(t *testing.T, base, path string) int {
	t.Helper()
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	fetch(t, base, path+"?limit=100", &list)
	return len(list.Data)
}

// fetch asks the fake directly, past the gateway.
func fetch(t *testing.T, base, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, base+path, nil)
	require.NoError(t, err)
	if strings.HasPrefix(path, "/v1/") {
		req.Header.Set("Authorization", "Bearer sk_test_1")
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, json.NewDecoder(res.Body).Decode(into))
}
