package gateway_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

func TestEachFaultOfTheProviderIsAmbiguousOnlyWhenItsEffectMayBeHad(t *testing.T) {
	t.Parallel()
	for f, want := range map[stripefake.Fault]struct {
		code      string
		ambiguous bool
	}{
		stripefake.TimeoutAfterSuccess: {gateway.CodeError, true},
		stripefake.ResetAfterSuccess:   {gateway.CodeError, true},
		stripefake.ResetBefore:         {gateway.CodeError, true},
		stripefake.ErrorAfterSuccess:   {gateway.CodeError, true},
		stripefake.ErrorNoEffect:       {gateway.CodeError, true},
		stripefake.Throttled:           {gateway.CodeThrottled, false},
	} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, stripefake.Options{Fault: only("/v1/customers", f)})
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "acme"})
			require.Equal(t, fault.Unavailable, fault.Of(err).Kind)
			require.True(t, fault.Is(err, want.code), "%v", err)
			require.Equal(t, want.ambiguous, gateway.Ambiguous(err))
		})
	}
}

func TestAPaymentLostOnTheWayBackIsFoundByItsKeyAndChargedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in := w.openInvoice(t, cus.ID, "inv:1", "29.00")
	w.fake.SetFault(only("/v1/invoices/"+in.ID+"/pay", stripefake.TimeoutAfterSuccess))
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := w.PayInvoice(short, "inv:1:pay:1", in.ID)
	require.True(t, gateway.Ambiguous(err), "%v", err)
	w.fake.SetFault(nil)
	paid, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.InvoicePaid, paid.Status)
	require.Equal(t, 1, count(t, w.url, "/v1/charges"))
}

// net/http repeats a request that carries an Idempotency-Key when a kept-alive connection breaks. The key makes that safe.
func TestAConnectionThatBreaksAfterTheEffectIsRepeatedUnderTheSameKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	in := w.openInvoice(t, w.customer(t, "acme").ID, "inv:1", "29.00")
	w.fake.SetFault(only("/v1/invoices/"+in.ID+"/pay", stripefake.ResetAfterSuccess))
	paid, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	if err != nil { // the connection was a fresh one
		require.True(t, gateway.Ambiguous(err))
		paid, err = w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	}
	require.NoError(t, err)
	require.Equal(t, gateway.InvoicePaid, paid.Status)
	require.Equal(t, 1, count(t, w.url, "/v1/charges"))
}

func TestA500IsReplayedUnderItsKeyWhileTheObjectTellsTheTruth(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	cus := w.customer(t, "acme")
	in := w.openInvoice(t, cus.ID, "inv:1", "29.00")
	w.fake.SetFault(only("/v1/invoices/"+in.ID+"/pay", stripefake.ErrorAfterSuccess))
	_, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.True(t, gateway.Ambiguous(err))
	w.fake.SetFault(nil)
	_, err = w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.True(t, gateway.Ambiguous(err), "the key replays the 500 for ever")
	seen, err := w.GetInvoice(ctx, in.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.InvoicePaid, seen.Status)
}

func TestADeclineKnobDeclinesOneRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	in := w.openInvoice(t, w.customer(t, "acme").ID, "inv:1", "29.00")
	w.fake.SetFault(only("/v1/invoices/"+in.ID+"/pay", stripefake.Decline))
	res, err := w.PayInvoice(ctx, "inv:1:pay:1", in.ID)
	require.NoError(t, err)
	require.True(t, res.Declined)
	require.Equal(t, "generic_decline", res.DeclineCode)
}

func TestAnUnknownObjectIsNotFoundAndAReadIsNeverAmbiguous(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	_, err := w.GetInvoice(ctx, "in_none")
	require.Equal(t, fault.NotFound, fault.Of(err).Kind)
	require.True(t, fault.Is(err, gateway.CodeInvalidRequest))
	require.Equal(t, "resource_missing", gateway.ProviderCode(err))
	w.fake.SetFault(func(*http.Request) stripefake.Fault { return stripefake.ErrorNoEffect })
	_, err = w.GetInvoice(ctx, "in_none")
	require.Equal(t, fault.Unavailable, fault.Of(err).Kind)
	require.False(t, gateway.Ambiguous(err))
}

func TestAWrongAPIKeyIsDefinitive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stripefake.Options{})
	client, err := gateway.New(gateway.Config{APIKey: "sk_live_wrong", BaseURL: w.url})
	require.NoError(t, err)
	defer client.Close()
	_, err = client.CreateCustomer(context.Background(), gateway.CustomerParams{Key: "k"})
	require.True(t, fault.Is(err, gateway.CodeAuth), "%v", err)
	require.False(t, gateway.Ambiguous(err))
	_, err = gateway.New(gateway.Config{})
	require.True(t, fault.Is(err, "provider_not_configured"))
}

func TestACallThatFoundNobodyHadNoEffect(t *testing.T) {
	t.Parallel()
	client, err := gateway.New(gateway.Config{APIKey: "sk_test_1", BaseURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	defer client.Close()
	_, err = client.CreateCustomer(context.Background(), gateway.CustomerParams{Key: "k"})
	require.True(t, fault.Is(err, gateway.CodeError))
	require.False(t, gateway.Ambiguous(err), "%v", err)
}

func TestTheErrorTextHoldsNoClientSecret(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	in := w.openInvoice(t, w.customer(t, "acme").ID, "inv:1", "29.00")
	_, err := w.PayInvoice(ctx, "p1", in.ID)
	require.NoError(t, err)
	_, err = w.PayInvoice(ctx, "p2", in.ID)
	require.ErrorContains(t, err, "already paid")
	require.NotContains(t, err.Error(), "_secret_")
}
