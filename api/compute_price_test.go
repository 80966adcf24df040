package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const pricePath = "/mgt/v1/compute/price"

func TestTheExampleOfAPriceIsAnsweredStepByStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body, err := json.Marshal(computePriceExample)
	require.NoError(t, err)
	rec := b.call(http.MethodPost, pricePath, string(body), "Idempotency-Key", "")
	require.Equal(t, http.StatusOK, rec.Code, rec.Body.String())
	var got computedPriceText
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &got))
	// 8 units were billed before, for 82, so the maximum leaves 33: the rest of the first tier, and 13 of the second.
	require.Equal(t, "39.66666666666666666667", got.Gross)
	require.Equal(t, "33.00", got.Amount)
	require.Equal(t, []lineText{{Tier: 1, Amount: "20", Discount: "0"},
		{Tier: 2, Amount: "19.66666666666666666667", Discount: "6.66666666666666666667"}}, got.Lines)
}

type computedPriceText struct {
	Gross  string     `json:"gross"`
	Amount string     `json:"amount"`
	Lines  []lineText `json:"lines"`
}

type lineText struct {
	Tier     int    `json:"tier"`
	Amount   string `json:"amount"`
	Discount string `json:"discount"`
}

func TestAPriceNamesWhatItsModelLacksAndWhatItDoesNotHave(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range []struct{ price, pointer, code string }{
		{`{"model":"flat"}`, "/price/amount", "required"},
		{`{"model":"graduated"}`, "/price/tiers", "required"},
		{`{"model":"percentage"}`, "/price/rate_percent", "required"},
		{`{"model":"flat","amount":"1","free_units":"0"}`, "/price/free_units", "field_not_allowed"},
		{`{"model":"per_unit","amount":"1","flat_fee_at_zero":false}`, "/price/flat_fee_at_zero", "field_not_allowed"},
		{`{"model":"per_unit","amount":"1","tiers":[]}`, "/price/tiers", "field_not_allowed"},
		{`{"model":"volume","tiers":[{"up_to":"1"},{"up_to":"1"},{"up_to":null}]}`, "/price/tiers/1/up_to", "tier_empty"},
		{`{"model":"per_unit","amount":null}`, "/price/amount", "bad_format"},
		{`{"model":"graduated_percentage","tiers":[{"per_units":"1"}]}`, "/price/tiers/0/per_units", "field_not_allowed"},
		{`{"model":"stairs"}`, "/price/model", "bad_format"},
	} {
		rec := b.call(http.MethodPost, pricePath, `{"currency":"EUR","quantity":"1","price":`+c.price+`}`, "Idempotency-Key", "")
		p := refused(t, rec, http.StatusUnprocessableEntity, "validation_failed")
		places := map[string]string{}
		for _, f := range p.Errors {
			_, twice := places[f.Pointer]
			require.False(t, twice, f.Pointer)
			places[f.Pointer] = f.Code
		}
		require.Equal(t, c.code, places[c.pointer], "%s: %v", c.price, p.Errors)
	}
}
