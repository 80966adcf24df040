package pricing_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/pricing"
)

// A price is read from JSON that anybody may have sent. What Validate accepts is written and read as the same price, and prices
// quantities without a panic.
func FuzzAPriceThatIsAcceptedIsReadBackTheSame(f *testing.F) {
	for _, seed := range []string{graduated, volume, rates, blocks, `{"model":"percentage","rate_percent":"1.3","free_events":3,"free_amount":"250"}`,
		`{"model":"dynamic","multiplier":"1.5"}`, `{"model":"matrix","dimensions":["a"],"default":{"amount":"1","per_units":"3"}}`,
		`{"model":"package","amount":"1","per_units":"3","round":"down"}`, `{"model":"flat","amount":"1e30"}`, `{"model":"per_unit","amount":1e-400,"per_units":"1e99999"}`} {
		f.Add(seed, "12.5")
	}
	f.Fuzz(func(t *testing.T, text, quantity string) {
		var p pricing.Price
		if len(text) > 2000 || len(quantity) > 42 || json.Unmarshal([]byte(text), &p) != nil {
			return
		}
		p.Version = pricing.Version
		if p.Validate() != nil {
			return
		}
		b, err := json.Marshal(p)
		require.NoError(t, err)
		var back pricing.Price
		require.NoError(t, json.Unmarshal(b, &back))
		require.NoError(t, back.Validate())
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		q, err := moneyQuantity(quantity)
		if err != nil {
			return
		}
		got, err := p.Of(q)
		same, errBack := back.Of(q)
		require.Equal(t, err == nil, errBack == nil)
		require.True(t, got.Equal(same))
	})
}
