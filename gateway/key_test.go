package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

// writes runs every write once under keys of one prefix and gives what each made.
func writes(ctx context.Context, t *testing.T, w world, prefix string) map[string]string {
	t.Helper()
	made := map[string]string{}
	cus, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: prefix + "cust", Name: "acme"})
	require.NoError(t, err)
	in, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: prefix + "new", CustomerID: cus.ID, Currency: "EUR"})
	require.NoError(t, err)
	item, err := w.AddInvoiceItem(ctx, gateway.ItemParams{Key: prefix + "line", InvoiceID: in.ID, CustomerID: cus.ID, Amount: eur("29.00")})
	require.NoError(t, err)
	fin, err := w.FinalizeInvoice(ctx, prefix+"fin", in.ID)
	require.NoError(t, err)
	pay, err := w.PayInvoice(ctx, prefix+"pay:1", in.ID)
	require.NoError(t, err)
	cs, err := w.CreateCheckoutSession(ctx, gateway.CheckoutParams{Key: prefix + "chk", CustomerID: cus.ID, Amount: eur("10.00"),
		Description: "10 CREDIT", SuccessURL: "https://example.test/ok"})
	require.NoError(t, err)
	made["customer"], made["invoice"], made["item"], made["session"] = cus.ID, in.ID, item.ID, cs.ID
	made["finalised"], made["charge"], made["attempts"] = fin.Number, pay.ChargeID, strings.Repeat("i", int(pay.AttemptCount))
	return made
}

func TestTheSameKeyGivesTheSameObjectAndNoSecondEffect(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	first := writes(ctx, t, w, "a:")
	events := count(t, w.url, "/v1/events")
	require.Equal(t, first, writes(ctx, t, w, "a:"))
	require.Equal(t, events, count(t, w.url, "/v1/events"))
	require.Equal(t, 1, count(t, w.url, "/v1/charges"))
	require.Equal(t, 1, count(t, w.url, "/v1/invoiceitems"))
	require.NotEqual(t, first["invoice"], writes(ctx, t, w, "b:")["invoice"])
}

func TestAnotherRequestUnderTheSameKeyIsAnIdempotencyError(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{})
	_, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "acme"})
	require.NoError(t, err)
	_, err = w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "other"})
	require.True(t, fault.Is(err, gateway.CodeIdempotencyError), "%v", err)
	require.Equal(t, fault.Conflict, fault.Of(err).Kind)
	require.False(t, gateway.Ambiguous(err))
}

func TestAKeyInUseIsAmbiguousAndReplaysOnceItIsFree(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	entered, leave := make(chan struct{}), make(chan struct{})
	hold := func(r *http.Request) stripefake.Fault {
		if r.Method == http.MethodPost {
			close(entered)
			<-leave
		}
		return stripefake.NoFault
	}
	w := newWorld(t, stripefake.Options{Fault: hold})
	first := make(chan gateway.Customer, 1)
	go func() {
		c, _ := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "acme"})
		first <- c
	}()
	<-entered
	_, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "acme"})
	require.Equal(t, fault.Unavailable, fault.Of(err).Kind)
	require.Equal(t, "idempotency_key_in_use", gateway.ProviderCode(err))
	require.True(t, gateway.Ambiguous(err))
	close(leave)
	made := <-first
	again, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "k", Name: "acme"})
	require.NoError(t, err)
	require.Equal(t, made, again)
}

func TestAKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, stripefake.Options{Clock: func() time.Time { return now }})
	first := w.customer(t, "acme")
	now = now.Add(23 * time.Hour)
	require.Equal(t, first, w.customer(t, "acme"))
	now = now.Add(2 * time.Hour)
	second, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: "cust:acme", Name: "acme", Email: "acme@example.test"})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
}

func TestAWriteWithoutAUsableKeyIsNeverSent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, stripefake.Options{Fault: func(*http.Request) stripefake.Fault { panic("nothing may arrive") }})
	for _, key := range []string{"", strings.Repeat("k", 256)} {
		for name, call := range map[string]func() error{
			"customer": func() error { _, err := w.CreateCustomer(ctx, gateway.CustomerParams{Key: key}); return err },
			"invoice":  func() error { _, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: key}); return err },
			"item": func() error {
				_, err := w.AddInvoiceItem(ctx, gateway.ItemParams{Key: key, InvoiceID: "in_1"})
				return err
			},
			"finalize": func() error { _, err := w.FinalizeInvoice(ctx, key, "in_1"); return err },
			"pay":      func() error { _, err := w.PayInvoice(ctx, key, "in_1"); return err },
			"void":     func() error { _, err := w.VoidInvoice(ctx, key, "in_1"); return err },
			"checkout": func() error { _, err := w.CreateCheckoutSession(ctx, gateway.CheckoutParams{Key: key}); return err },
		} {
			f := fault.Of(call())
			require.Equal(t, fault.Invalid, f.Kind, name)
			require.True(t, strings.HasPrefix(f.Code, "provider_key_"), name)
		}
	}
	_, err := w.GetInvoice(ctx, "")
	require.True(t, fault.Is(err, "provider_id_missing"))
}
