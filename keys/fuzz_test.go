package keys_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
)

func FuzzDecodeAcceptsExactlyWhatEncodeWrites(f *testing.F) {
	f.Add("inv", keys.Encode("inv", sample))
	f.Add("inv", "inv_7zzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("inv", "inv_80000000000000000000000000")
	f.Add("ba", "ba_00000000000000000000000000")
	f.Add("", "_0123456789abcdefghjkmnpqrs")
	f.Fuzz(func(t *testing.T, prefix, s string) {
		id, err := keys.Decode(prefix, s)
		if err == nil {
			require.Equal(t, s, keys.Encode(prefix, id))
			return
		}
		require.ErrorIs(t, err, keys.ErrID)
	})
}

func FuzzAServiceKeyIsReadBackAsItWasWrittenOrNotAtAll(f *testing.F) {
	good, err := keys.NewServiceKey(keys.ModeTest, sample, bytes.NewReader(bytes.Repeat([]byte("k"), 32)))
	require.NoError(f, err)
	f.Add(good.Reveal(), 0)
	f.Add(good.Reveal(), 400)
	f.Add("bsk_live_"+good.Reveal()[9:], -1)
	f.Add("bsk_test____", -1)
	f.Add("", -1)
	f.Fuzz(func(t *testing.T, s string, flip int) {
		token, err := keys.ParseServiceKey(s)
		if err != nil {
			require.ErrorIs(t, err, keys.ErrServiceKey)
			require.Equal(t, keys.Token{}, token)
			return
		}
		require.Equal(t, s, token.Reveal())
		if flip >= 0 { // the checksum notices every single bit
			spoilt := []byte(s)
			spoilt[flip/8%len(spoilt)] ^= 1 << (flip % 8)
			_, err = keys.ParseServiceKey(string(spoilt))
			require.ErrorIs(t, err, keys.ErrServiceKey)
		}
	})
}
