package stripefake_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/gateway/stripefake"
)

func TestARequestWithoutAKeyOfTestModeIs401(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	for _, auth := range []string{"", "Bearer ", "Bearer sk_live_1", "sk_test_1"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v1/account", nil)
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code, auth)
	}
	code, out, _ := ask(s, http.MethodGet, "/v1/account")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "account", out["object"])
}

func TestAListIsPagedFromTheNewest(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	var ids []string
	for i := range 13 {
		ids = append([]string{made(t, s, "/v1/customers", "name", strconv.Itoa(i))}, ids...)
	}
	page := func(form ...string) (got []string, more bool) {
		code, out, _ := ask(s, http.MethodGet, "/v1/customers", form...)
		require.Equal(t, http.StatusOK, code)
		for _, row := range out["data"].([]any) {
			got = append(got, row.(map[string]any)["id"].(string))
		}
		return got, out["has_more"].(bool)
	}
	got, more := page()
	require.Equal(t, ids[:10], got)
	require.True(t, more)
	got, more = page("starting_after", ids[9])
	require.Equal(t, ids[10:], got)
	require.False(t, more)
	got, more = page("limit", "3", "ending_before", ids[5])
	require.Equal(t, ids[2:5], got)
	require.True(t, more)
	got, more = page("starting_after", ids[12])
	require.Empty(t, got)
	require.False(t, more)
	code, _, _ := ask(s, http.MethodGet, "/v1/customers", "limit", "101")
	require.Equal(t, http.StatusBadRequest, code)
}

func TestAnUnknownParameterIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	code, out, _ := ask(s, http.MethodPost, "/v1/customers", "name", "acme", "nickname", "typo")
	require.Equal(t, http.StatusBadRequest, code)
	require.Equal(t, "parameter_unknown", errorOf(out)["code"])
	require.Equal(t, "nickname", errorOf(out)["param"])
	_, out, _ = ask(s, http.MethodGet, "/v1/customers")
	require.Empty(t, out["data"])
}

func TestARefusedParameterLeavesTheKeyFreeAndADeclineDoesNot(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	code, _, _ := ask(s, http.MethodPost, "/v1/products", "#key", "k")
	require.Equal(t, http.StatusBadRequest, code)
	code, _, _ = ask(s, http.MethodPost, "/v1/products", "#key", "k", "name", "CREDIT")
	require.Equal(t, http.StatusOK, code)

	pay := []string{"#key", "p", "amount", "500", "currency", "eur", "payment_method", "pm_card_chargeDeclined", "confirm", "true"}
	code, out, h := ask(s, http.MethodPost, "/v1/payment_intents", pay...)
	require.Equal(t, http.StatusPaymentRequired, code)
	require.Equal(t, "card_error", errorOf(out)["type"])
	require.Empty(t, h.Get("Idempotent-Replayed"))
	again, replayed, h := ask(s, http.MethodPost, "/v1/payment_intents", pay...)
	require.Equal(t, code, again)
	require.Equal(t, out, replayed)
	require.Equal(t, "true", h.Get("Idempotent-Replayed"))
	_, out, _ = ask(s, http.MethodGet, "/v1/charges")
	require.Len(t, out["data"], 1)
}

func TestAPaymentIntentIsConfirmedOrCanceledOnce(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	cus := made(t, s, "/v1/customers", "name", "acme")
	pi := made(t, s, "/v1/payment_intents", "amount", "500", "currency", "eur", "customer", cus)
	code, out, _ := ask(s, http.MethodPost, "/v1/payment_intents/"+pi+"/confirm")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "succeeded", out["status"])
	code, out, _ = ask(s, http.MethodPost, "/v1/payment_intents/"+pi+"/cancel")
	require.Equal(t, http.StatusBadRequest, code)
	require.Equal(t, "payment_intent_unexpected_state", errorOf(out)["code"])

	other := made(t, s, "/v1/payment_intents", "amount", "500", "currency", "eur", "customer", cus)
	made(t, s, "/v1/payment_intents/"+other+"/cancel")
	code, _, _ = ask(s, http.MethodPost, "/v1/payment_intents/"+other+"/confirm")
	require.Equal(t, http.StatusBadRequest, code)
}

func TestAnInvoiceIsPricedCollectedAndWrittenOff(t *testing.T) {
	t.Parallel()
	s := newFake(t, stripefake.Options{})
	cus := made(t, s, "/v1/customers", "name", "acme", "metadata[fake_card]", "decline")
	prod := made(t, s, "/v1/products", "name", "CREDIT")
	price := made(t, s, "/v1/prices", "product", prod, "currency", "eur", "unit_amount", "100", "lookup_key", "credit")
	made(t, s, "/v1/invoiceitems", "customer", cus, "price", price, "quantity", "15")
	in := made(t, s, "/v1/invoices", "customer", cus, "currency", "eur", "pending_invoice_items_behavior", "include")
	made(t, s, "/v1/invoiceitems", "customer", cus, "invoice", in, "amount", "2900", "currency", "eur")
	_, out, _ := ask(s, http.MethodGet, "/v1/invoices/"+in+"/lines")
	require.Len(t, out["data"], 2)
	_, out, _ = ask(s, http.MethodPost, "/v1/invoices/"+in+"/finalize")
	require.InDelta(t, 4400, out["amount_due"], 0)
	code, _, _ := ask(s, http.MethodPost, "/v1/invoices/"+in+"/pay")
	require.Equal(t, http.StatusPaymentRequired, code)
	_, out, _ = ask(s, http.MethodPost, "/v1/invoices/"+in+"/mark_uncollectible")
	require.Equal(t, "uncollectible", out["status"])
	_, out, _ = ask(s, http.MethodPost, "/v1/invoices/"+in+"/pay", "paid_out_of_band", "true", "expand[0]", "customer", "expand[1]", "payment_intent.latest_charge")
	require.Equal(t, "paid", out["status"])
	require.Equal(t, true, out["paid_out_of_band"])
	require.Equal(t, "acme", out["customer"].(map[string]any)["name"])
	require.Equal(t, "failed", out["payment_intent"].(map[string]any)["latest_charge"].(map[string]any)["status"])
	_, out, _ = ask(s, http.MethodGet, "/v1/prices", "lookup_keys[0]", "credit")
	require.Len(t, out["data"], 1)
}

func TestAStateFileKeepsObjectsKeysAndCountersOverARestart(t *testing.T) {
	t.Parallel()
	opts := stripefake.Options{StateFile: filepath.Join(t.TempDir(), "stripe.json")}
	before, err := stripefake.New(opts)
	require.NoError(t, err)
	cus := made(t, before, "/v1/customers", "#key", "c", "name", "acme")
	in := made(t, before, "/v1/invoices", "#key", "i", "customer", cus, "currency", "eur")
	made(t, before, "/v1/invoiceitems", "#key", "l", "customer", cus, "invoice", in, "amount", "2900", "currency", "eur")
	require.NoError(t, before.Close())

	after := newFake(t, opts)
	code, out, h := ask(after, http.MethodPost, "/v1/customers", "#key", "c", "name", "acme")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, cus, out["id"])
	require.Equal(t, "true", h.Get("Idempotent-Replayed"))
	require.NotEqual(t, cus, made(t, after, "/v1/customers", "name", "other"))
	made(t, after, "/v1/invoices/"+in+"/finalize")
	_, out, _ = ask(after, http.MethodPost, "/v1/invoices/"+in+"/pay")
	require.Equal(t, "paid", out["status"])
	require.InDelta(t, 2900, out["amount_paid"], 0)
}
