package money_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
)

// plain is the form of a decimal told without a regular expression: sign, 1 to 20 digits with no zero in front, and 1 to scale
// decimals after a point.
func plain(s string, scale int) bool {
	s = strings.TrimPrefix(s, "-")
	whole, decimals, pointed := strings.Cut(s, ".")
	if whole == "" || len(whole) > 20 || len(whole) > 1 && whole[0] == '0' || pointed && (decimals == "" || len(decimals) > scale) {
		return false
	}
	for i := range len(whole) + len(decimals) {
		if c := (whole + decimals)[i]; c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// parsedSoon fails only when every one of many tries is slow, which a busy machine does not bring about.
func parsedSoon(t *testing.T, s string, parse func(string) (decimal.Decimal, error)) {
	t.Helper()
	var took time.Duration
	for range 50 {
		begun := time.Now()
		_, _ = parse(s)
		if took = time.Since(begun); took < time.Millisecond {
			return
		}
	}
	t.Fatalf("%d characters take %s", len(s), took)
}

func FuzzADecimalIsPlainComesBackAndTakesNoTime(f *testing.F) {
	for _, s := range []string{"0", "-0", "12.340000000", "1e20", "+1", "0.00000000000000000001", "99999999999999999999", "NaN", "1.\n", "1e2147483647",
		"99999999999999999999.99999999999999999999", "-99999999999999999999.999999999", "0x10", "1_0", "\u0661", "00", ".5", "5.", "",
		strings.Repeat("9", 1_000_000), "1." + strings.Repeat("0", 1_000_000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for scale, parse := range map[int]func(string) (decimal.Decimal, error){9: money.ParseAmount, 20: money.ParseQuantity} {
			parsedSoon(t, s, parse)
			v, err := parse(s)
			require.Equal(t, plain(s, scale), err == nil, "%.60q with scale %d", s, scale)
			if err != nil {
				continue
			}
			exact, ok := new(big.Rat).SetString(s)
			require.True(t, ok)
			require.Zero(t, exact.Cmp(v.Rat()), s)
			back, err := parse(v.StringFixed(-v.Exponent()))
			require.NoError(t, err)
			require.True(t, back.Equal(v))
		}
	})
}
