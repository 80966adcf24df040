package gateway_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a client and the fake it talks to over real HTTP.
type world struct {
	*gateway.Stripe
	fake *stripefake.Server
	url  string
}

func newWorld(t *testing.T, opts stripefake.Options) world {
	t.Helper()
	fake, err := stripefake.New(opts)
	require.NoError(t, err)
	url, stop, err := fake.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	client, err := gateway.New(gateway.Config{APIKey: "sk_test_1", BaseURL: url, Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return world{Stripe: client, fake: fake, url: url}
}

// control posts to a route that steers the fake.
func (w world) control(t *testing.T, path, body string) int {
	t.Helper()
	return post(t, w.url+path, body)
}

func eur(s string) money.Amount {
	return money.Amount{Value: decimal.RequireFromString(s), Asset: "EUR"}
}

func requireAmount(t *testing.T, want string, got money.Amount) {
	t.Helper()
	require.Equal(t, money.Asset("EUR"), got.Asset)
	require.True(t, decimal.RequireFromString(want).Equal(got.Value), "want %s, got %s", want, got.Value)
}

// customer makes a customer whose key is made of the name.
func (w world) customer(t *testing.T, name string) gateway.Customer {
	t.Helper()
	c, err := w.CreateCustomer(context.Background(), gateway.CustomerParams{Key: "cust:" + name, Name: name, Email: name + "@example.test"})
	require.NoError(t, err)
	return c
}

// openInvoice makes a finalised invoice of one line.
func (w world) openInvoice(t *testing.T, cus, name, total string) gateway.Invoice {
	t.Helper()
	ctx := context.Background()
	in, err := w.CreateInvoice(ctx, gateway.InvoiceParams{Key: name + ":new", CustomerID: cus, Currency: "EUR"})
	require.NoError(t, err)
	_, err = w.AddInvoiceItem(ctx, gateway.ItemParams{Key: name + ":line:1", InvoiceID: in.ID, CustomerID: cus, Amount: eur(total), Description: "usage"})
	require.NoError(t, err)
	in, err = w.FinalizeInvoice(ctx, name+":fin", in.ID)
	require.NoError(t, err)
	return in
}

// only makes a fault of the writes to one path.
func only(path string, f stripefake.Fault) func(*http.Request) stripefake.Fault {
	return func(r *http.Request) stripefake.Fault {
		if r.Method == http.MethodPost && r.URL.Path == path {
			return f
		}
		return stripefake.NoFault
	}
}
