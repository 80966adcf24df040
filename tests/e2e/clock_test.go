package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// erase deletes the scene's clock and gives the status of the answer.
func (s *scene) erase(t *testing.T) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.Base+"/mgt/v1/test-clocks/"+s.ClockID, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.Key)
	req.Header.Set("X-Realm-Id", s.Realm)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestTheWorkflowsOfADeletedClockEndAndItsRowsStay(t *testing.T) {
	s := newScene(t, "erased")
	s.assign(t)
	before := s.invoices(t)
	require.Len(t, before, 1)
	require.Equal(t, http.StatusOK, s.erase(t))
	require.Eventually(t, func() bool {
		return len(get[struct {
			WaitsFor []string `json:"waits_for"`
		}](t, s.Story, "/mgt/v1/test-clocks/"+s.ClockID).WaitsFor) == 0
	}, 60*time.Second, 50*time.Millisecond, "no workflow of its accounts is left")
	require.Equal(t, "closed", get[struct{ Status string }](t, s.Story, "/mgt/v1/billing-accounts/"+s.AccountID).Status)
	require.Equal(t, before, s.invoices(t))
	require.Empty(t, get[page[struct{ ID string }]](t, s.Story, "/mgt/v1/test-clocks?name=erased").Data)
	require.Equal(t, http.StatusOK, s.erase(t), "a repeat finds it done")
	s.verify(t)
}

func TestAClockThatWasBlockedIsAdvancedAgainToTheSameTarget(t *testing.T) {
	s := newScene(t, "stuck")
	target := s.now.Add(time.Hour)
	s.to(t, target)
	conn, err := pgx.Connect(t.Context(), s.sys.URL)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), "UPDATE test_clocks SET status = 'blocked', now_at = $1, blocked_on = '[\"a worker that was away\"]', version = version + 1", s.now)
	require.NoError(t, err)
	s.to(t, target)
	now, err := s.Clock(t.Context())
	require.NoError(t, err)
	require.True(t, now.Equal(target))
}
