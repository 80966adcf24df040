package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway/stripefake"
)

func TestASecretIsRolledWithAnOverlapAndTheOldOneEndsWithIt(t *testing.T) {
	l := newLetterbox(t, "roller")
	const next, last = "whsec_the_next_one_of_the_endpoint", "whsec_the_last_one_of_the_endpoint"
	st := l.sys.Server.Store()
	raw := l.event(t, "invoice.finalized")
	accepted := func(with string) int {
		status, _ := l.deliver(t, l.url, raw, stripefake.Sign(raw, with, time.Now()))
		return status
	}
	roll := func(to string, overlap time.Duration) {
		_, err := st.RollStripeSecret(t.Context(), l.sys.Call, example.DemoEndpoint, to, overlap)
		require.NoError(t, err)
	}
	require.Equal(t, []int{200, 400}, []int{accepted(secret), accepted(next)})
	roll(next, time.Hour)
	roll(next, time.Hour) // said twice
	require.Equal(t, []int{200, 200}, []int{accepted(secret), accepted(next)})
	both := stripefake.Sign(raw, secret, time.Now()) + "," + stripefake.Sign(raw, next, time.Now())[len("t=1700000000,"):]
	status, _ := l.deliver(t, l.url, raw, both)
	require.Equal(t, 200, status, "Stripe signs with both meanwhile")

	l.exec(t, "UPDATE stripe_endpoints SET old_secret_until = clock_timestamp()")
	require.Equal(t, []int{400, 200}, []int{accepted(secret), accepted(next)})

	roll(last, time.Hour)
	require.Equal(t, []int{400, 200, 200}, []int{accepted(secret), accepted(next), accepted(last)}, "two at most")
	roll(secret, 0)
	require.Equal(t, []int{200, 400, 400}, []int{accepted(secret), accepted(next), accepted(last)})

	for _, bad := range []string{"", "whsec_", "sk_test_this_is_no_signing_secret"} {
		_, err := st.RollStripeSecret(t.Context(), l.sys.Call, example.DemoEndpoint, bad, time.Hour)
		require.True(t, fault.Is(err, "validation_failed"), "%v", err)
	}
	require.Equal(t, "3", l.text(t, "SELECT count(*) FROM audit_log WHERE action = 'stripe_endpoint.roll_secret'"))
	require.Equal(t, "0", l.text(t, "SELECT count(*) FROM audit_log a WHERE a::text LIKE '%whsec_%'"))
}
