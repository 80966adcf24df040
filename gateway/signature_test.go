package gateway_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
)

const body = `{"id":"evt_1","object":"event","type":"invoice.paid","api_version":"2023-10-16","created":1767225600,` +
	`"livemode":true,"account":"acct_1","data":{"object":{"id":"in_1","object":"invoice"},"previous_attributes":{"status":"open"}}}`

// signed uses the SDK's signer, so that our verifier is checked against somebody else's reading of the scheme.
func signed(body, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: secret, Timestamp: at}).Header
}

func TestAVerifiedEventIsReadWhole(t *testing.T) {
	t.Parallel()
	now := time.Unix(1767225700, 0)
	e, err := gateway.VerifyEvent([]byte(body), signed(body, secret, now), []string{secret}, now)
	require.NoError(t, err)
	require.Equal(t, "evt_1", e.ID)
	require.Equal(t, "invoice.paid", e.Type)
	require.Equal(t, "in_1", e.ObjectID)
	require.Equal(t, "invoice", e.ObjectType)
	require.Equal(t, "acct_1", e.Account)
	require.True(t, e.Livemode)
	require.False(t, e.VersionMismatch)
	require.Equal(t, time.Unix(1767225600, 0).UTC(), e.Created)
	require.JSONEq(t, `{"status":"open"}`, string(e.PreviousAttributes))
}

func TestASignatureIsAcceptedOrRefusedForItsReason(t *testing.T) {
	t.Parallel()
	now := time.Unix(1767225600, 0)
	good := signed(body, secret, now)
	other := signed(body, "whsec_other", now)
	noData := `{"id":"evt_1","type":"invoice.paid","api_version":"2023-10-16"}`
	nullData := `{"id":"evt_1","type":"invoice.paid","data":{"object":null}}`
	both := []string{"whsec_new", secret}
	one := []string{secret}
	for name, c := range map[string]struct {
		body, header string
		secrets      []string
		want         gateway.SignatureReason
	}{
		"fresh":                              {body, good, one, ""},
		"five minutes old":                   {body, signed(body, secret, now.Add(-300*time.Second)), one, ""},
		"a second older":                     {body, signed(body, secret, now.Add(-301*time.Second)), one, gateway.SignatureTooOld},
		"a minute ahead":                     {body, signed(body, secret, now.Add(60*time.Second)), one, ""},
		"a second further ahead":             {body, signed(body, secret, now.Add(61*time.Second)), one, gateway.SignatureInFuture},
		"ten years ahead":                    {body, signed(body, secret, now.AddDate(10, 0, 0)), one, gateway.SignatureInFuture},
		"wrong secret":                       {body, other, one, gateway.SignatureMismatch},
		"wrong secret and old":               {body, signed(body, "whsec_other", now.Add(-time.Hour)), one, gateway.SignatureMismatch},
		"two signatures, the second valid":   {body, other + good[strings.Index(good, ",v1="):], one, ""},
		"rolled secret, the old one signs":   {body, good, both, ""},
		"rolled secret, neither signs":       {body, other, both, gateway.SignatureMismatch},
		"signed by the empty secret":         {body, signed(body, "", now), []string{""}, gateway.SignatureMismatch},
		"no live secret":                     {body, good, nil, gateway.SignatureMismatch},
		"changed body":                       {body + " ", good, one, gateway.SignatureMismatch},
		"no header":                          {body, "", one, gateway.SignatureMissing},
		"no stamp":                           {body, good[strings.Index(good, "v1="):], one, gateway.SignatureMalformed},
		"two stamps":                         {body, "t=1," + good, one, gateway.SignatureMalformed},
		"only v0":                            {body, strings.Replace(good, "v1=", "v0=", 1), one, gateway.SignatureMalformed},
		"a stamp that is no number":          {body, "t=now,v1=00", one, gateway.SignatureMalformed},
		"a stamp beyond all time":            {body, "t=" + strconv.FormatUint(1<<63, 10) + ",v1=00", one, gateway.SignatureMalformed},
		"rubbish":                            {body, "rubbish", one, gateway.SignatureMalformed},
		"no data":                            {noData, signed(noData, secret, now), one, gateway.SignatureNoData},
		"null object":                        {nullData, signed(nullData, secret, now), one, gateway.SignatureNoData},
		"a signed body that is not JSON":     {"{", signed("{", secret, now), one, gateway.SignatureMalformed},
		"a signed body that is not an event": {"{}", signed("{}", secret, now), one, gateway.SignatureMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gateway.VerifyEvent([]byte(c.body), c.header, c.secrets, now)
			require.Equal(t, c.want, gateway.ReasonOf(err))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.True(t, fault.Is(err, "signature_invalid"))
			require.Equal(t, fault.Invalid, fault.Of(err).Kind)
		})
	}
}

func TestAnEventOfAnotherVersionIsVerifiedAndMarked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	newer := strings.Replace(body, "2023-10-16", "2026-08-26.dahlia", 1)
	e, err := gateway.VerifyEvent([]byte(newer), signed(newer, secret, now), []string{secret}, now)
	require.NoError(t, err)
	require.True(t, e.VersionMismatch)
	require.Equal(t, "in_1", e.ObjectID)
}

func TestTheFakeSignsAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	require.Equal(t, signed(body, secret, now), stripefake.Sign([]byte(body), secret, now))
}
