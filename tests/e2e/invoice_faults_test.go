package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/tests/harness/system"
)

var invoiceFaults = []stripefake.Fault{stripefake.TimeoutAfterSuccess, stripefake.ResetBefore, stripefake.ResetAfterSuccess, stripefake.ErrorAfterSuccess,
	stripefake.KeyInUse, stripefake.Throttled, stripefake.Decline, stripefake.TruncatedJSON}

// dealer gives the calls of one kind a fault each: the n-th invoice to make it meets the n-th fault, once.
type dealer struct {
	mu   sync.Mutex
	keys map[string][]string // by kind of call, in the order in which they were first sent
}

func (d *dealer) deal(r *http.Request) stripefake.Fault {
	kind := ""
	switch {
	case r.Method != http.MethodPost:
	case r.URL.Path == "/v1/invoices":
		kind = "create"
	case strings.HasSuffix(r.URL.Path, "/finalize"):
		kind = "finalize"
	case strings.HasSuffix(r.URL.Path, "/pay"):
		kind = "pay"
	}
	key := r.Header.Get("Idempotency-Key")
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.keys[kind]
	if kind == "" || key == "" || len(seen) == len(invoiceFaults) {
		return stripefake.NoFault
	}
	for _, known := range seen {
		if known == key {
			return stripefake.NoFault
		}
	}
	d.keys[kind] = append(seen, key)
	return invoiceFaults[len(seen)]
}

func TestWhateverGoesWrongOnAnInvoicesWayThroughTheProviderItIsChargedAndPaidOnce(t *testing.T) {
	sys := system.Start(t)
	l := &letterbox{scene: &scene{Story: &example.Story{Client: sys.Client}, sys: sys}}
	cards := &dealer{keys: map[string][]string{}}
	sys.Fake.SetFault(cards.deal)
	for i := range invoiceFaults {
		name := fmt.Sprintf("payer-%d", i)
		var made struct{ ID string }
		l.post(t, "/mgt/v1/billing-accounts", name, map[string]any{"principal_id": name, "name": name, "timezone": "Europe/Berlin"}, &made)
		l.post(t, "/mgt/v1/plan-assignments", name, map[string]any{"billing_account_id": made.ID, "plan_code": "api-starter",
			"source_kind": "test", "source_ref": name}, nil)
	}
	// The declined one is paid on the provider's page; all others find their way alone.
	var declined string
	require.Eventually(t, func() bool {
		declined = l.text(t, "SELECT max(i.stripe_invoice) FROM invoices i JOIN payments p ON p.invoice_id = i.id WHERE p.status = 'failed'")
		return declined != ""
	}, 90*time.Second, 100*time.Millisecond)
	l.stripe(t, http.MethodPost, "/v1/invoices/"+declined+"/pay", nil)
	want := fmt.Sprintf("%d paid", len(invoiceFaults))
	require.Eventually(t, func() bool {
		return l.text(t, "SELECT string_agg(n || ' ' || status, ', ') FROM (SELECT status, count(*) AS n FROM invoices GROUP BY status) x") == want
	}, 90*time.Second, 200*time.Millisecond)
	require.NoError(t, sys.Fake.Drain(t.Context()))
	l.settled(t)

	for _, kind := range []string{"create", "finalize", "pay"} {
		require.Len(t, cards.keys[kind], len(invoiceFaults), "every fault has been met by a call to %s", kind)
	}
	require.Equal(t, "8 8 1", l.text(t, "SELECT count(*) || ' ' || count(DISTINCT invoice_id) || ' ' || (SELECT count(*) FROM payments WHERE status = 'failed') FROM payments WHERE status = 'succeeded'"))
	var charges struct {
		Data []struct{ Invoice, Status string }
	}
	l.stripe(t, http.MethodGet, "/v1/charges?limit=100", &charges)
	paid := map[string]int{}
	for _, c := range charges.Data {
		if c.Status == "succeeded" {
			paid[c.Invoice]++
		}
	}
	require.Len(t, paid, len(invoiceFaults))
	for invoice, n := range paid {
		require.Equal(t, 1, n, invoice)
	}
	// An event may have told of a payment before the call for it had its answer; that call comes to its end as well.
	require.Eventually(t, func() bool {
		return l.text(t, "SELECT count(*) FROM provider_calls WHERE status IN ('sent', 'unknown')") == "0"
	},
		60*time.Second, 200*time.Millisecond)
	l.verify(t)
}
