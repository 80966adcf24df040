package keys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
)

func TestAServiceKeyRoundTripsAndCarriesItsChecksum(t *testing.T) {
	t.Parallel()
	key, err := keys.NewServiceKey(keys.ModeTest, sample, fixed())
	require.NoError(t, err)
	require.Regexp(t, `^bsk_test_[0-9a-z]{26}_[0-9A-Za-z]{43}_[0-9a-f]{8}$`, key.Reveal())
	back, err := keys.ParseServiceKey(key.Reveal())
	require.NoError(t, err)
	require.Equal(t, key, back)
}

func TestAMistypedServiceKeyIsRefusedWithoutALookUp(t *testing.T) {
	t.Parallel()
	key, err := keys.NewServiceKey(keys.ModeLive, sample, fixed())
	require.NoError(t, err)
	whole := key.Reveal()
	for i := range whole {
		flipped := whole[:i] + "!" + whole[i+1:]
		_, err := keys.ParseServiceKey(flipped)
		require.ErrorIs(t, err, keys.ErrServiceKey, "position %d", i)
	}
	for _, s := range []string{"", "bsk", "bsk_live", whole + "_", strings.Replace(whole, "live", "test", 1), whole[:len(whole)-1]} {
		_, err := keys.ParseServiceKey(s)
		require.ErrorIs(t, err, keys.ErrServiceKey)
	}
	_, err = keys.NewServiceKey("prod", sample, fixed())
	require.Error(t, err)
}

func TestASecretIsNeverPrintedByAccident(t *testing.T) {
	t.Parallel()
	key, err := keys.NewServiceKey(keys.ModeLive, sample, fixed())
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%s", "%#v", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, key), key.Secret)
	}
}

func TestASecretMatchesOnlyItsOwnHashUnderTheSamePepper(t *testing.T) {
	t.Parallel()
	hash := keys.HashSecret([]byte("pepper"), "secret")
	require.Len(t, hash, 32)
	require.True(t, keys.SecretMatches([]byte("pepper"), "secret", hash))
	require.False(t, keys.SecretMatches([]byte("pepper"), "Secret", hash))
	require.False(t, keys.SecretMatches([]byte("other"), "secret", hash))
}

func TestALeaseTokenHashesAndAnythingElseIsRefused(t *testing.T) {
	t.Parallel()
	token, err := keys.NewLeaseToken(fixed())
	require.NoError(t, err)
	hash, err := keys.HashLeaseToken(token)
	require.NoError(t, err)
	require.Len(t, hash, 32)
	for _, s := range []string{"", "lst_", token + "A", token[:len(token)-1], "xst_" + token[4:], token[4:]} {
		_, err := keys.HashLeaseToken(s)
		require.ErrorIs(t, err, keys.ErrLeaseToken, s)
	}
	other, err := keys.NewLeaseToken(strings.NewReader(strings.Repeat("x", 32)))
	require.NoError(t, err)
	require.NotEqual(t, token, other)
}

func TestNoSecretIsMadeWithoutEnoughRandomness(t *testing.T) {
	t.Parallel()
	_, err := keys.NewServiceKey(keys.ModeLive, sample, strings.NewReader("short"))
	require.Error(t, err)
	_, err = keys.NewLeaseToken(strings.NewReader("short"))
	require.Error(t, err)
}
