package activities_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// start is where the plan of every scene begins.
var start = time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC)

// patience bounds one exchange with the provider, so that a lost answer is soon noticed.
const patience = 500 * time.Millisecond

// desk is the activities on a real database, with a provider that can fail.
type desk struct {
	*harness.Scene
	t          *testing.T
	do         *activities.Activities
	fake       *stripefake.Server
	web        string // its address
	assignment models.PlanAssignment

	mu      sync.Mutex
	handled func(*http.Request) // after the provider has had the effect, before its answer arrives
	asked   []string            // method, path and idempotency key of every request, in order
	ahead   time.Duration       // of the provider's clock before the real one
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskOf(t, harness.Setting{})
}

func newDeskOf(t *testing.T, in harness.Setting) *desk {
	t.Helper()
	t.Parallel()
	in.Now, in.Zone, in.Collection = start.Add(-11*time.Hour), "Europe/Berlin", models.CollectStripe
	d := &desk{t: t, Scene: harness.NewScene(t, in)}
	var err error
	d.fake, err = stripefake.New(stripefake.Options{Clock: d.providerNow})
	require.NoError(t, err)
	web := httptest.NewServer(http.HandlerFunc(d.serve))
	d.web = web.URL
	stripe, err := gateway.New(gateway.Config{APIKey: "sk_test_desk", BaseURL: web.URL, Timeout: patience})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, d.fake.Close()) // first: it lets go of requests that a fault holds open
		web.Close()
		stripe.Close()
	})
	d.do = &activities.Activities{Store: d.Store, Stripe: stripe}
	d.assignment = d.Assign(start)
	return d
}

func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	handled := d.handled
	d.asked = append(d.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
	d.mu.Unlock()
	d.fake.ServeHTTP(w, r)
	if handled != nil && r.Method == http.MethodPost {
		handled(r)
	}
}

func (d *desk) providerNow() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.ahead)
}

// keysSent gives the different idempotency keys that were sent to a path's end, in order, without our ids.
func (d *desk) keysSent(end string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, asked := range d.asked {
		parts := strings.SplitN(asked, " ", 3)
		if parts[0] == http.MethodPost && strings.HasSuffix(parts[1], end) {
			key := ourID.ReplaceAllString(parts[2], "")
			if !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

var ourID = regexp.MustCompile(`[a-z]+_[0-9a-z]{26}`)

// run does an activity the way a worker does, and gives its answer.
func run[In, Out any](d *desk, do func(context.Context, In) (Out, error), in In) (Out, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: "it"})
	var out Out
	value, err := env.ExecuteActivity("it", in)
	if err == nil && value.HasValue() {
		err = value.Get(&out)
	}
	return out, err
}

// silent fits activities that answer nothing but an error.
func silent[In any](do func(context.Context, In) error) func(context.Context, In) (struct{}, error) {
	return func(ctx context.Context, in In) (struct{}, error) { return struct{}{}, do(ctx, in) }
}

// killed is an activity whose process ends when the provider has had the effect of a call to this path.
func killed[In, Out any](d *desk, path string, do func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		ctx, kill := context.WithCancel(ctx)
		defer kill()
		d.after(func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, path) {
				kill()
			}
		})
		defer d.after(nil)
		return do(ctx, in)
	}
}

func (d *desk) after(handled func(*http.Request)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handled = handled
}

// begin starts the assignment and bills its first instant: one draft of 29.00.
func (d *desk) begin() activities.InvoiceInput {
	d.t.Helper()
	d.SetClock(start)
	d.turn()
	_, err := run(d, d.do.CloseRun, activities.RunInput{Realm: d.Call.Realm, Account: d.Account.ID, Boundary: start})
	require.NoError(d.t, err)
	return d.invoice()
}

func (d *desk) turn() activities.Turn {
	d.t.Helper()
	turn, err := run(d, d.do.NextTurn, activities.AssignmentInput{Realm: d.Call.Realm, Assignment: d.assignment.ID})
	require.NoError(d.t, err)
	_, err = run(d, silent(d.do.TakeTurn), activities.TakeTurnInput{Realm: d.Call.Realm, Assignment: d.assignment.ID, Turn: turn})
	require.NoError(d.t, err)
	return turn
}

// invoice names the one invoice there is.
func (d *desk) invoice() activities.InvoiceInput {
	d.t.Helper()
	list, _, err := d.Store.ListInvoices(d.t.Context(), d.Call, store.Page{Limit: 2}, store.InvoiceFilter{})
	require.NoError(d.t, err)
	require.Len(d.t, list, 1)
	return activities.InvoiceInput{Realm: d.Call.Realm, Invoice: list[0].ID}
}

// finalized is an invoice that the provider has not heard of.
func (d *desk) finalized() activities.InvoiceInput {
	d.t.Helper()
	in := d.begin()
	_, err := run(d, d.do.FinalizeInvoice, in)
	require.NoError(d.t, err)
	return in
}

func (d *desk) pushed() activities.InvoiceInput {
	d.t.Helper()
	in := d.finalized()
	state, err := run(d, d.do.PushInvoice, in)
	require.NoError(d.t, err)
	require.Equal(d.t, activities.StepCollect, state.Step)
	return in
}

func (d *desk) row(id uuid.UUID) models.Invoice {
	d.t.Helper()
	inv, _, err := d.Store.FindInvoice(d.t.Context(), d.Call, id)
	require.NoError(d.t, err)
	return inv
}

// counts asks for numbers underneath the store.
func (d *desk) counts(want string, sql string) {
	d.t.Helper()
	require.Equal(d.t, want, d.Text(sql), sql)
}

// at asks the provider's own books how many objects of a kind it has.
func (d *desk) at(kind string) int {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v1/"+kind+"?limit=100", nil)
	r.Header.Set("Authorization", "Bearer sk_test_desk")
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	require.Equal(d.t, http.StatusOK, w.Code, w.Body.String())
	var page struct{ Data []json.RawMessage }
	require.NoError(d.t, json.Unmarshal(w.Body.Bytes(), &page))
	return len(page.Data)
}
