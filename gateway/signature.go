package gateway

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/durabill/durabill/fault"
)

// How far a signature's stamp may be from now. Stripe stamps every delivery anew, so its retries of three days pass.
const (
	maxAge   = 300 * time.Second
	maxAhead = 60 * time.Second // the SDK takes a stamp ten years ahead, which could be replayed until then
)

// SignatureReason says why a delivery was refused. It is for metrics and logs: the sender learns signature_invalid only.
type SignatureReason string

// The reasons for which VerifyEvent refuses.
const (
	SignatureMissing   SignatureReason = "missing"
	SignatureMalformed SignatureReason = "malformed" // the header, or a signed body that is not an event
	SignatureMismatch  SignatureReason = "mismatch"
	SignatureTooOld    SignatureReason = "too_old"
	SignatureInFuture  SignatureReason = "in_future"
	SignatureNoData    SignatureReason = "no_data"
)

type signatureError struct{ reason SignatureReason }

func (e *signatureError) Error() string { return "signature " + string(e.reason) }

// ReasonOf gives the reason of a refusal by VerifyEvent, or "".
func ReasonOf(err error) SignatureReason {
	var e *signatureError
	if errors.As(err, &e) {
		return e.reason
	}
	return ""
}

// VerifyEvent checks a delivery against the endpoint's live secrets (two while one is rolled) and reads its event. raw
// must be the body byte for byte. The signature is checked before its age, so that a forgery is always a mismatch.
// An event of another API version is accepted and marked.
func VerifyEvent(raw []byte, header string, secrets []string, now time.Time) (Event, error) {
	stamp, signatures, reason := parseSignature(header)
	if reason != "" {
		return Event{}, refuse(reason)
	}
	if !signedByOne(raw, stamp, signatures, secrets) {
		return Event{}, refuse(SignatureMismatch)
	}
	switch {
	case now.Sub(stamp) > maxAge:
		return Event{}, refuse(SignatureTooOld)
	case stamp.Sub(now) > maxAhead:
		return Event{}, refuse(SignatureInFuture)
	}
	e, err := parseEvent(raw)
	switch {
	case errors.Is(err, errNoData):
		return Event{}, refuse(SignatureNoData)
	case err != nil:
		return Event{}, refuse(SignatureMalformed)
	}
	return e, nil
}

func refuse(reason SignatureReason) error {
	return fault.New(fault.Invalid, "signature_invalid", "The signature of the delivery is not valid.").
		Because(&signatureError{reason})
}

// parseSignature reads "t=1495999758,v1=ab…,v1=cd…"; other schemes are skipped.
func parseSignature(header string) (stamp time.Time, signatures [][]byte, reason SignatureReason) {
	if strings.TrimSpace(header) == "" {
		return stamp, nil, SignatureMissing
	}
	stamped := false
	for _, pair := range strings.Split(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return stamp, nil, SignatureMalformed
		}
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || stamped || strconv.FormatInt(seconds, 10) != value { // "+1" and "01" are not what was signed
				return stamp, nil, SignatureMalformed
			}
			stamp, stamped = time.Unix(seconds, 0), true
		case "v1":
			if sig, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, sig)
			}
		}
	}
	if !stamped || len(signatures) == 0 {
		return stamp, nil, SignatureMalformed
	}
	return stamp, signatures, ""
}

func signedByOne(raw []byte, stamp time.Time, signatures [][]byte, secrets []string) bool {
	found := false
	for _, secret := range secrets {
		if secret == "" { // an unset secret would make every sender able to sign
			continue
		}
		want := webhook.ComputeSignature(stamp, raw, secret)
		for _, sig := range signatures {
			found = hmac.Equal(want, sig) || found
		}
	}
	return found
}
