package activities_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

// writes are the calls that bring an invoice to the provider and collect it, each with its key without our ids.
var writes = []struct{ path, verb, key string }{
	{"/v1/customers", "customer.create", "cust::1"},
	{"/v1/invoices", "invoice.create", "inv::new"},
	{"/v1/invoiceitems", "invoice_item.create", "inv::line:"},
	{"/finalize", "invoice.finalize", "inv::fin"},
	{"/pay", "invoice.pay", "inv::pay:1"},
}

// once lets the first write to a path meet a fault.
func (d *desk) once(end string, fault stripefake.Fault) {
	met := false
	d.fake.SetFault(func(r *http.Request) stripefake.Fault {
		if met || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, end) {
			return stripefake.NoFault
		}
		met = true
		return fault
	})
}

// until repeats push and collection until the write of this verb has been tried, which fails.
func (d *desk) until(in activities.InvoiceInput, path string) {
	d.t.Helper()
	for range 2 {
		do := d.do.PushInvoice
		if d.row(in.Invoice).StripeInvoice != "" {
			do = d.do.CollectInvoice
		}
		if _, err := run(d, do, in); err != nil {
			break
		}
	}
	require.Len(d.t, d.keysSent(path), 1)
}

// looked says whether the provider was asked for something between two keys' first use.
func (d *desk) looked(end, first, second string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := func(suffix string) int {
		return slices.IndexFunc(d.asked, func(a string) bool {
			return strings.HasPrefix(a, "POST ") && strings.Contains(a, end+" ") && strings.HasSuffix(ourID.ReplaceAllString(a, ""), suffix)
		})
	}
	return slices.ContainsFunc(d.asked[at(first):at(second)], func(a string) bool { return strings.HasPrefix(a, "GET ") })
}

func TestAFailureThatTheProviderRepeatsForEverIsLookedUpBeforeAnotherKeyIsUsed(t *testing.T) {
	t.Parallel()
	for _, w := range writes {
		for fault, want := range map[stripefake.Fault][]string{
			stripefake.ErrorAfterSuccess: {w.key},
			stripefake.ErrorStored:       {w.key, w.key + ":g2"},
		} {
			t.Run(w.verb+" "+string(fault), func(t *testing.T) {
				d := newDesk(t)
				in := d.finalized()
				d.once(w.path, fault)
				d.until(in, w.path)
				d.counts("unknown", "SELECT status FROM provider_calls WHERE verb = '"+w.verb+"'")
				d.untilPaid(in)
				d.onePaid()
				require.Equal(t, want, d.keysSent(w.path))
				if len(want) > 1 {
					require.True(t, d.looked(w.path, want[0], want[1]))
				}
			})
		}
	}
}

func TestAKeyThatTheProviderMayHaveForgottenIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	for _, w := range writes {
		for fault, want := range map[stripefake.Fault][]string{
			stripefake.TimeoutAfterSuccess: {w.key},
			stripefake.ErrorNoEffect:       {w.key, w.key + ":g2"},
		} {
			t.Run(w.verb+" "+string(fault), func(t *testing.T) {
				d := newDesk(t)
				in := d.finalized()
				d.once(w.path, fault)
				d.until(in, w.path)
				d.counts("unknown", "SELECT status FROM provider_calls WHERE verb = '"+w.verb+"'")
				d.later(25 * time.Hour)
				d.untilPaid(in)
				d.onePaid()
				require.Equal(t, want, d.keysSent(w.path))
				d.mu.Lock()
				defer d.mu.Unlock()
				sent := 0
				for _, a := range d.asked {
					if strings.HasPrefix(a, "POST ") && strings.HasSuffix(ourID.ReplaceAllString(a, ""), " "+w.key) {
						sent++
					}
				}
				require.Equal(t, 1, sent, "of the old key")
			})
		}
	}
}

// later lets so much time pass, for the provider and for what we remember of our calls.
func (d *desk) later(by time.Duration) {
	d.t.Helper()
	d.mu.Lock()
	d.ahead += by
	d.mu.Unlock()
	d.Exec("UPDATE provider_calls SET first_sent_at = first_sent_at - $1 * interval '1 second'", by.Seconds())
}

func TestARefusedCallIsMadeAnewWithWhatWasMended(t *testing.T) {
	d := newDesk(t)
	in := d.finalized()
	d.once("/v1/customers", stripefake.Refuse)
	_, err := run(d, d.do.PushInvoice, in)
	require.ErrorContains(t, err, "provider_invalid_request")
	d.counts("failed 1", "SELECT status || ' ' || generation FROM provider_calls")
	d.Exec("UPDATE billing_accounts SET name = 'Mended'")
	d.untilPaid(in)
	d.onePaid()
	require.Equal(t, []string{"cust::1", "cust::1:g2"}, d.keysSent("/v1/customers"))
	customer, err := d.do.Stripe.GetCustomer(t.Context(), d.Text("SELECT stripe_customer FROM billing_accounts"))
	require.NoError(t, err)
	require.Equal(t, "Mended", customer.Name)
}

func TestARepeatSendsWhatWasSentBeforeWhateverTheRowsSayByNow(t *testing.T) {
	d := newDesk(t)
	in := d.finalized()
	d.once("/v1/customers", stripefake.TimeoutAfterSuccess)
	_, err := run(d, d.do.PushInvoice, in)
	require.Error(t, err)
	d.Exec("UPDATE billing_accounts SET name = 'Renamed', email = 'new@acme.example'")
	d.untilPaid(in)
	d.onePaid()
	require.Equal(t, []string{"cust::1"}, d.keysSent("/v1/customers"))
	d.counts("0", "SELECT count(*) FROM provider_calls WHERE params IS NOT NULL")
}

func TestARefusalOfOurCredentialsOrPatienceLeavesACallUnknown(t *testing.T) {
	d := newDesk(t)
	in := d.finalized()
	d.once("/v1/invoices", stripefake.TimeoutAfterSuccess)
	_, err := run(d, d.do.PushInvoice, in)
	require.Error(t, err)
	good, revoked := d.do.Stripe, d.client("sk_live_revoked")
	d.do.Stripe = revoked
	_, err = run(d, d.do.PushInvoice, in)
	require.ErrorContains(t, err, "provider_auth")
	d.counts("unknown 1", "SELECT status || ' ' || generation FROM provider_calls WHERE verb = 'invoice.create'")
	d.later(25 * time.Hour) // now only a look-up can tell, and it is refused as well
	_, err = run(d, d.do.PushInvoice, in)
	require.ErrorContains(t, err, "provider_auth")
	d.counts("unknown 1", "SELECT status || ' ' || generation FROM provider_calls WHERE verb = 'invoice.create'")
	d.do.Stripe = good
	d.untilPaid(in)
	d.onePaid()
}

// client is another client of the desk's provider.
func (d *desk) client(key string) *gateway.Stripe {
	d.t.Helper()
	c, err := gateway.New(gateway.Config{APIKey: key, BaseURL: d.web, Timeout: patience})
	require.NoError(d.t, err)
	d.t.Cleanup(c.Close)
	return c
}

func TestAPageWhoseOpeningGotNoAnswerIsOpenedOnce(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		for _, fault := range []stripefake.Fault{stripefake.TimeoutAfterSuccess, stripefake.ResetAfterSuccess, stripefake.ResetBefore,
			stripefake.ErrorNoEffect, stripefake.ErrorAfterSuccess, stripefake.ErrorStored, stripefake.KeyInUse, stripefake.Throttled,
			stripefake.TruncatedJSON, stripefake.SlowBody} {
			name := string(fault)
			if old {
				name += ", a day ago"
			}
			t.Run(name, func(t *testing.T) {
				d := newDesk(t)
				in := d.asked50()
				d.once("/v1/checkout/sessions", fault)
				_, err := run(d, d.do.FinishCheckout, in)
				require.Error(t, err)
				d.counts("unknown", "SELECT status FROM provider_calls")
				if old {
					d.later(25 * time.Hour)
				}
				for range 3 {
					if state, err := run(d, d.do.FinishCheckout, in); err == nil {
						require.Equal(t, "open", state.Status)
						break
					}
				}
				require.Equal(t, 1, d.at("checkout/sessions"))
				d.counts("succeeded", "SELECT status FROM provider_calls")
				d.counts("1", "SELECT count(*) FROM checkout_sessions WHERE status = 'open' AND stripe_session <> ''")
			})
		}
	}
}

// asked50 is a purchase of 50 CREDIT whose page the API was about to ask for when it died.
func (d *desk) asked50() activities.CheckoutInput {
	d.t.Helper()
	d.SetClock(start)
	d.turn()
	c, err := d.Store.OpenCheckout(d.t.Context(), d.Call, store.NewCheckout{Account: d.Account.ID, Asset: "CREDIT", Quantity: decimal.NewFromInt(50),
		SuccessURL: "https://acme.example/ok"})
	require.NoError(d.t, err)
	ref := keys.Encode(keys.Checkout, c.ID)
	_, err = d.Store.BeginCall(d.t.Context(), d.Call, store.NewCall{Key: keys.StripeCheckout(c.ID), Account: d.Account.ID, Verb: "checkout.create", ObjectRef: ref,
		Params:   []byte(`{"ClientReferenceID":"` + ref + `","Amount":{"amount":"50","currency":"EUR"},"Description":"50 CREDIT","SuccessURL":"https://acme.example/ok"}`),
		Checkout: &c.ID})
	require.NoError(d.t, err)
	d.counts("1", "SELECT count(*) FROM outbox WHERE workflow_type = 'Checkout'")
	return activities.CheckoutInput{Realm: d.Call.Realm, Checkout: c.ID}
}

func TestAPageThatNobodyAskedForOrThatWasRefusedIsTheCallersToAskForAgain(t *testing.T) {
	d := newDesk(t)
	in := d.asked50()
	d.once("/v1/checkout/sessions", stripefake.Refuse)
	state, err := run(d, d.do.FinishCheckout, in)
	require.NoError(t, err)
	require.Equal(t, "pending", state.Status)
	d.counts("failed", "SELECT status FROM provider_calls")
	_, err = run(d, d.do.FinishCheckout, in)
	require.NoError(t, err)
	require.Equal(t, 0, d.at("checkout/sessions"))
	d.Exec("DELETE FROM provider_calls")
	_, err = run(d, d.do.FinishCheckout, in)
	require.NoError(t, err)
	require.Equal(t, 0, d.at("checkout/sessions"))
}
