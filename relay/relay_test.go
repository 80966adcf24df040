package relay_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/relay"
	"github.com/durabill/durabill/tests/harness"
)

const (
	soon  = 30 * time.Second
	pause = 10 * time.Millisecond
)

// post is an account with messages in its outbox, and a Temporal server without workers: what is started there stays as it is.
type post struct {
	*harness.Scene
	t        *testing.T
	temporal client.Client
	cfg      relay.Relay
	assigned models.PlanAssignment
	plan     string // workflow ids
	issuance string
}

func newPost(t *testing.T) *post {
	t.Helper()
	t.Parallel()
	endpoint, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	discard := slog.New(slog.DiscardHandler)
	c, err := client.Dial(client.Options{HostPort: endpoint.HostPort, Namespace: endpoint.Namespace, Logger: log.NewStructuredLogger(discard)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	now := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	p := &post{t: t, temporal: c, Scene: harness.NewScene(t, harness.Setting{Now: now})}
	p.cfg = relay.Relay{Store: p.Store, Temporal: c, TaskQueue: "nobody-" + p.Account.ID.String(), Log: discard}
	p.assigned = p.Assign(now.Add(time.Hour))
	p.plan, p.issuance = keys.PlanAssignmentWorkflow(p.assigned.ID), keys.CreditIssuanceWorkflow(p.assigned.ID, harness.SceneRule)
	t.Cleanup(func() { p.end(p.plan, p.issuance) })
	return p
}

// end leaves nothing running on the shared server.
func (p *post) end(workflows ...string) {
	for _, id := range workflows {
		_ = p.temporal.TerminateWorkflow(context.Background(), id, "", "the test is over")
	}
}

// relay runs so many relays until the condition holds.
func (p *post) relay(n int, until func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	var relays sync.WaitGroup
	for range n {
		relays.Go(func() { p.cfg.Run(ctx) })
	}
	require.Eventually(p.t, until, soon, pause)
	cancel()
	relays.Wait()
}

func (p *post) empty() bool {
	return p.Text("SELECT count(*) FROM dispatch WHERE topic = 'outbox'") == "0"
}

// again makes every message look as if its publication had not been noted.
func (p *post) again() {
	p.t.Helper()
	p.Exec("UPDATE outbox SET published_at = NULL")
	p.Exec("INSERT INTO dispatch (realm_id, topic, id, billing_account_id, shard) SELECT realm_id, 'outbox', id, billing_account_id, 0 FROM outbox")
}

func (p *post) runID(workflow string) string {
	p.t.Helper()
	d, err := p.temporal.DescribeWorkflowExecution(p.t.Context(), workflow, "")
	require.NoError(p.t, err)
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

func (p *post) pokes(workflow string) int {
	p.t.Helper()
	n := 0
	for it := p.temporal.GetWorkflowHistory(p.t.Context(), workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(p.t, err)
		if e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName() == keys.PokeSignal {
			n++
		}
	}
	return n
}

func TestAStartThatIsPublishedTwiceStartsOneWorkflow(t *testing.T) {
	p := newPost(t)
	p.relay(1, p.empty)
	first := p.runID(p.plan)
	require.Equal(t, "2", p.Text("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"))
	p.again()
	p.relay(1, p.empty)
	require.Equal(t, first, p.runID(p.plan))
	require.Equal(t, 2, p.pokes(p.plan), "the second made it look once more")
}

func TestAPokeForAWorkflowThatHasEndedIsDoneWithAndFreesItsWait(t *testing.T) {
	p := newPost(t)
	p.relay(1, p.empty)
	p.end(p.plan)
	p.cancel()
	turn, err := p.Store.NextTurn(t.Context(), p.Call, p.assigned.ID)
	require.NoError(t, err)
	require.NoError(t, p.Store.TakeTurn(t.Context(), p.Call, p.assigned.ID, turn))
	p.relay(1, p.empty)
	require.Empty(t, p.Text("SELECT status FROM waits WHERE workflow_id = $1", p.plan))
	require.Equal(t, "0", p.Text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
}

func TestAPokeForAWorkflowThatTemporalLostStartsItAgain(t *testing.T) {
	p := newPost(t)
	p.relay(1, p.empty)
	lost := p.runID(p.plan)
	p.end(p.plan)
	p.cancel()
	p.relay(1, p.empty)
	require.NotEqual(t, lost, p.runID(p.plan))
	require.Equal(t, "running", p.Text("SELECT status FROM waits WHERE workflow_id = $1", p.plan), "its clock waits for it")
}

func (p *post) cancel() {
	p.t.Helper()
	_, err := p.Store.CancelAssignment(p.t.Context(), p.Call, p.assigned.ID, models.CancelNow)
	require.NoError(p.t, err)
	require.Equal(p.t, "running", p.Text("SELECT status FROM waits WHERE workflow_id = $1", p.plan))
}

func TestAMessageThatCannotBePublishedIsTriedLaterAndHoldsUpNobody(t *testing.T) {
	p := newPost(t)
	tooLong := strings.Repeat("x", 2000)
	p.Exec("UPDATE outbox SET workflow_id = $1 WHERE workflow_type = 'CreditIssuance'", tooLong)
	p.relay(1, func() bool {
		return p.Text("SELECT attempts FROM outbox WHERE workflow_id = $1", tooLong) == "1" &&
			p.Text("SELECT count(*) FROM outbox WHERE published_at IS NULL") == "1"
	})
	require.NotEmpty(t, p.Text("SELECT last_error FROM outbox WHERE workflow_id = $1", tooLong))
	require.Equal(t, "true", p.Text("SELECT due_at > clock_timestamp() FROM dispatch WHERE topic = 'outbox'"), "it waits for its turn")
	require.Equal(t, 1, p.pokes(p.plan))

	p.Exec("UPDATE outbox SET workflow_id = $1 WHERE workflow_id = $2", p.issuance, tooLong)
	p.relay(1, p.empty)
	require.Equal(t, 1, p.pokes(p.issuance))
}

func TestTwoRelaysPublishEachMessageOnce(t *testing.T) {
	p := newPost(t)
	prefix := "relay-test/" + p.Account.ID.String() + "/"
	p.Exec(`INSERT INTO outbox (realm_id, id, kind, workflow_type, workflow_id, payload, summary, status, effective_at, recorded_at)
		SELECT realm_id, gen_random_uuid(), kind, workflow_type, $1 || n, payload, summary, status, effective_at, recorded_at
		  FROM outbox, generate_series(1, 30) n WHERE workflow_type = 'PlanAssignment'`, prefix)
	p.Exec("DELETE FROM dispatch WHERE topic = 'outbox'")
	p.again()
	ids := strings.Split(p.Text("SELECT string_agg(workflow_id, ' ') FROM outbox"), " ")
	t.Cleanup(func() { p.end(ids...) })
	require.Len(t, ids, 32)
	p.relay(2, p.empty)
	for _, id := range ids {
		require.Equal(t, 1, p.pokes(id), id)
	}
}
