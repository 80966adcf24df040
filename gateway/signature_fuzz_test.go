package gateway_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/gateway"
)

var stampForm = regexp.MustCompile(`^(0|-?[1-9]\d{0,18})$`)

// validBySpec reads the header as Stripe's documentation tells it: exactly one stamp, some v1 that is the MAC of "stamp.body" under
// a secret, the stamp at most 300 s old and 60 s ahead. It shares no code with the verifier.
func validBySpec(raw []byte, header string, secrets []string, now int64) bool {
	var stamps, macs []string
	for _, part := range strings.Split(header, ",") {
		part = strings.TrimSpace(part)
		at := strings.IndexByte(part, '=')
		if at < 0 {
			return false
		}
		switch part[:at] {
		case "t":
			stamps = append(stamps, part[at+1:])
		case "v1":
			macs = append(macs, part[at+1:])
		}
	}
	if len(stamps) != 1 || !stampForm.MatchString(stamps[0]) {
		return false
	}
	stamp, err := strconv.ParseInt(stamps[0], 10, 64)
	if err != nil || stamp < now-300 || stamp > now+60 {
		return false
	}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte(stamps[0] + "." + string(raw)))
		for _, given := range macs {
			if secret != "" && strings.ToLower(given) == hex.EncodeToString(mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}

func FuzzASignatureIsAcceptedExactlyWhenItIsValid(f *testing.F) {
	const now = 1767225600
	const live, old = "whsec_live", "whsec_old"
	f.Add([]byte(body), int64(now), live, "", "", -1)
	f.Add([]byte(body), int64(now-300), old, "", "", -1)
	f.Add([]byte(body), int64(now-301), live, "", "", -1)
	f.Add([]byte(body), int64(now+60), live, "v0=00,", ",v1=zz", -1)
	f.Add([]byte(body), int64(now+61), live, "", "", -1)
	f.Add([]byte(body), int64(now), "whsec_other", "", "", -1)
	f.Add([]byte(body), int64(now), "", "", "", -1)
	f.Add([]byte(body), int64(now), live, "t=1,", "", -1)
	f.Add([]byte(body), int64(now), live, "", ",", -1)
	f.Add([]byte(body), int64(now), live, " ", ", v1=00 ", 3)
	f.Add([]byte(body), int64(now), live, "", "", 900)
	f.Add([]byte(body), int64(math.MaxInt64), live, "", "", -1)
	f.Add([]byte(body), int64(math.MinInt64), live, "", "", -1)
	f.Fuzz(func(t *testing.T, raw []byte, stamp int64, secret, before, after string, flip int) {
		digits := strconv.FormatInt(stamp, 10)
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte(digits + "." + string(raw)))
		header := []byte(before + "t=" + digits + ",v1=" + hex.EncodeToString(mac.Sum(nil)) + after)
		if flip >= 0 {
			header[flip/8%len(header)] ^= 1 << (flip % 8)
		}
		secrets := []string{live, "", old}
		_, err := gateway.VerifyEvent(raw, string(header), secrets, time.Unix(now, 0))
		valid := validBySpec(raw, string(header), secrets, now)
		if !valid {
			require.Error(t, err, "accepted %q", header)
			return
		}
		// What is signed may still be no event; its signature is not the reason then.
		reason := gateway.ReasonOf(err)
		if err != nil {
			require.Contains(t, []gateway.SignatureReason{gateway.SignatureMalformed, gateway.SignatureNoData}, reason, "refused %q", header)
		}
		var event struct {
			ID, Type string
			Data     struct{ Object map[string]any }
		}
		if json.Unmarshal([]byte(body), &event) == nil && string(raw) == body {
			require.NoError(t, err, "refused %q", header)
		}
	})
}
