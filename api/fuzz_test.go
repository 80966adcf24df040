package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/store"
)

func FuzzACursorOpensOnlyWhereItWasMadeAndNotWithABitFlipped(f *testing.F) {
	c, realm := cursors{key: []byte("key")}, uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	good, err := c.seal(realm, "/r", "a=b", Position{ID: realm})
	require.NoError(f, err)
	for _, flip := range []uint{0, 7, 255, 256, 300, 511, 900, 1 << 20} {
		f.Add("2026", "/mgt/v1/meters", "code=x", flip, good)
	}
	f.Add("", "", "", uint(0), "")
	f.Add("\x00", "/r", "a=b", uint(9), good+"A")
	f.Add("e", "/r", "a=b", uint(1), good+"=")
	f.Add("e", "/r", "a=b", uint(1), good[:len(good)-1])
	f.Add("e", "/r", "a=b", uint(1), "\n"+good)
	f.Fuzz(func(t *testing.T, sort, route, query string, flip uint, forged string) {
		at := Position{Sort: strings.ToValidUTF8(sort, "?"), ID: uuid.NewSHA1(realm, []byte(sort))}
		made, err := c.seal(realm, route, query, at)
		require.NoError(t, err)
		back, err := c.open(realm, route, query, made)
		require.NoError(t, err)
		require.Equal(t, at, back)

		raw, err := base64.RawURLEncoding.DecodeString(made)
		require.NoError(t, err)
		raw[flip/8%uint(len(raw))] ^= 1 << (flip % 8)
		_, err = c.open(realm, route, query, base64.RawURLEncoding.EncodeToString(raw))
		require.ErrorIs(t, err, errCursor, "bit %d", flip)
		spelled := []byte(made)
		spelled[flip/8%uint(len(spelled))] ^= 1 << (flip % 8)
		_, err = c.open(realm, route, query, string(spelled))
		require.ErrorIs(t, err, errCursor, "bit %d of the text", flip)

		_, err = c.open(uuid.NewSHA1(realm, nil), route, query, made)
		require.ErrorIs(t, err, errCursor, "of another realm")
		_, err = c.open(realm, route+"/", query, made)
		require.ErrorIs(t, err, errCursor, "of another list")
		_, err = c.open(realm, route, query+"&", made)
		require.ErrorIs(t, err, errCursor, "of another filter")
		_, err = cursors{key: []byte("another")}.open(realm, route, query, made)
		require.ErrorIs(t, err, errCursor, "of another installation")
		if _, err = c.open(realm, "/r", "a=b", forged); forged != good {
			require.ErrorIs(t, err, errCursor, "forged")
		}
	})
}

func FuzzADocumentThatIsAcceptedMeansWhatEveryReaderReads(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[]`, `{"a":{"a":1,"a":2}}`, `"\ud83d\ude00"`, `{"a"`, `]`, `1 2`, `{]`, `[}`, `{"a":"\ud800"}`, `"\u0000"`, "\"\xff\"", "\ufeff{}",
		`{"\u0061":1,"a":2}`, `{"a/b":{"~":null}}`, `-0`, `1e400`, `0.1e-400`, `{"a":[{"b":[1,2.50,"x",true]}]}`, `"\ud83d\ud83d"`, `"\\ud800"`, `"\\\ud800"`, " \t\r\n{} ",
		`{"a":1,}`, `[1,,2]`, `nul`, `01`, `"a` + "\x01" + `"`, strings.Repeat("[", 33) + strings.Repeat("]", 33), `{"é":"é","é":"e"}`, `{"a":1e5,"b":1E+5}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := strictJSON(body)
		if err != nil {
			refused := fault.Of(err)
			require.Equal(t, fault.Invalid, refused.Kind)
			require.Len(t, refused.Fields, 1, "a refusal points at a place")
			require.True(t, refused.Fields[0].Pointer == "" || refused.Fields[0].Pointer[0] == '/', refused.Fields[0].Pointer)
			return
		}
		var theirs any
		require.NoError(t, json.Unmarshal(body, &theirs), "the decoder of the standard library takes it too")
		canonical, err := canonicalJSON(body)
		require.NoError(t, err)
		require.NoError(t, strictJSON(canonical), "%s", canonical)
		again, err := canonicalJSON(canonical)
		require.NoError(t, err)
		require.Equal(t, string(canonical), string(again))
		var ours any
		require.NoError(t, json.Unmarshal(canonical, &ours))
		require.True(t, reflect.DeepEqual(theirs, ours), "%s became %s", body, canonical)
		require.False(t, bytes.Contains(canonical, []byte("\ufffd")) && !bytes.Contains(body, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`)),
			"nothing was replaced")
	})
}

func FuzzAnInstantThatIsAcceptedIsWrittenBackAsTheSameInstant(f *testing.F) {
	for _, s := range []string{"2026-01-30T23:00:00Z", "2026-01-31T00:00:00.123456789+01:00", "2026-01-30T24:00:00Z", "2026-06-30T23:59:60Z", "1900-01-01T00:00:00+23:59",
		"2999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-30T00:00:00,5Z", "2026-1-3T0:0:0Z", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var i Instant
		if i.UnmarshalText([]byte(s)) != nil {
			return
		}
		theirs, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		require.True(t, theirs.Truncate(time.Microsecond).Equal(i.Time), s)
		text, err := i.MarshalJSON()
		require.NoError(t, err)
		var back Instant
		if year := i.Year(); year >= 1900 && year < 3000 { // a zone can carry the first and last hours of these years out of them
			require.NoError(t, json.Unmarshal(text, &back), "%s", text)
			require.True(t, back.Equal(i.Time))
		}
	})
}

func FuzzAVersionMatchesOnlyByAStrongTagThatTheHeaderHolds(f *testing.F) {
	for _, s := range []string{`"v1"`, `"v-1"`, `"v01"`, `W/"v1"`, `*`, `"v9223372036854775807"`, `"v1", "v2"`, `"v1",,W/"v2"`, `"a\"v1"`, ``} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		versions, err := ifMatch(header)
		if err != nil || len(versions) == 0 {
			return
		}
		if strings.Trim(header, " \t") == "*" {
			require.Equal(t, store.Versions{store.AnyVersion}, versions)
			return
		}
		for _, v := range versions {
			at := strings.Index(header, etagOf(v))
			require.GreaterOrEqual(t, at, 0, "%q gave %d", header, v)
		}
	})
}
