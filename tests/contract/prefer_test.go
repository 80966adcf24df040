package contract_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/system"
)

func assignment(account string) map[string]any {
	return map[string]any{"billing_account_id": account, "plan_code": "api-starter", "source_kind": "test", "source_ref": account}
}

func TestACallerMayRatherWaitForWhatBecomesOfAWrite(t *testing.T) {
	t.Parallel()
	c := &caller{Running: system.Start(t), t: t}
	const path = "/mgt/v1/plan-assignments"
	body := assignment(c.account())
	bad := c.send(http.MethodPost, path, body, "Prefer", "wait=soon")
	require.Equal(t, http.StatusBadRequest, bad.status)
	require.Equal(t, "@Prefer", bad.body["errors"].([]any)[0].(map[string]any)["pointer"])

	ended := c.send(http.MethodPost, path, body, "Idempotency-Key", "assign", "Prefer", "respond-async, wait=20")
	require.Equal(t, http.StatusCreated, ended.status, "%v", ended.body)
	require.Contains(t, []string{"scheduled", "active"}, ended.body["status"], "its workflow has taken it up")
	require.Equal(t, c.send(http.MethodGet, path+"/"+ended.body["id"].(string), nil).etag, ended.etag)
	stored := c.send(http.MethodPost, path, body, "Idempotency-Key", "assign")
	require.Equal(t, http.StatusAccepted, stored.status, "what is stored is the answer of the moment of the write")
	operation := stored.body["operation"].(map[string]any)
	require.Equal(t, "running", operation["status"])
	again := c.send(http.MethodPost, path, body, "Idempotency-Key", "assign", "Prefer", "wait=20")
	require.Equal(t, http.StatusCreated, again.status)
	require.Equal(t, ended.body["id"], again.body["id"])
	require.Equal(t, "succeeded", c.send(http.MethodGet, "/mgt/v1/operations/"+operation["id"].(string)+"?wait=20", nil).body["status"])

	clock := c.send(http.MethodPost, "/mgt/v1/test-clocks/"+c.clock()+"/advance", map[string]any{"target": "2026-05-02T00:00:00Z"}, "Prefer", "wait=20")
	require.Equal(t, http.StatusOK, clock.status)
	require.Equal(t, "ready", clock.body["status"])
	require.Equal(t, "2026-05-02T00:00:00Z", clock.body["now"])
}

func TestWhoWaitsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	sys := system.Start(t)
	conn, err := pgx.Connect(t.Context(), sys.URL)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), `CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no operation ends here'; END$$;
		CREATE TRIGGER never BEFORE UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION never()`)
	require.NoError(t, err)
	account := (&caller{Running: sys, t: t}).account()
	const waiters = 40 // more than the process has connections
	var all sync.WaitGroup
	answers := make([]got, waiters)
	for n := range waiters {
		all.Go(func() {
			answers[n] = (&caller{Running: sys, t: t}).send(http.MethodPost, "/mgt/v1/billing-accounts", map[string]any{"principal_id": "w" + strconv.Itoa(n),
				"name": "w"}, "Idempotency-Key", "w"+strconv.Itoa(n))
			body := assignment(answers[n].body["id"].(string))
			answers[n] = (&caller{Running: sys, t: t}).send(http.MethodPost, "/mgt/v1/plan-assignments", body, "Idempotency-Key", "a"+strconv.Itoa(n), "Prefer", "wait=5")
		})
	}
	require.Equal(t, http.StatusOK, (&caller{Running: sys, t: t}).send(http.MethodGet, "/mgt/v1/billing-accounts/"+account, nil).status)
	all.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, "%v", a.body)
		require.Equal(t, "wait=5", a.applied)
	}
}
