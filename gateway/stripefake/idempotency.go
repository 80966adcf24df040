package stripefake

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"
)

// keyLife is how long Stripe remembers a key; after it the same key is a new call.
const keyLife = 24 * time.Hour

// remembered is what one key was used for, and what it was answered.
type remembered struct {
	Fingerprint string    `json:"fingerprint"`
	At          time.Time `json:"at"`
	Answer      answer    `json:"answer"`
}

// claim is the right to execute a call under a key; the zero claim is a call without one.
type claim struct{ key, fingerprint string }

// claim takes the key for one execution, or gives the answer to replay, or the refusal.
func (s *Server) claim(r *http.Request, form url.Values) (claim, *answer, *apiError) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method == http.MethodGet {
		return claim{}, nil, nil
	}
	if len(key) > 255 {
		return claim{}, nil, invalid("", "", "Idempotency keys must be at most 255 characters.")
	}
	asked := fingerprint(r, form)
	known, ok := s.st.Keys[key]
	if ok && s.opts.Clock().Sub(known.At) >= keyLife {
		delete(s.st.Keys, key)
		ok = false
	}
	switch {
	case s.running[key]:
		return claim{}, nil, keyInUse()
	case ok && known.Fingerprint != asked:
		return claim{}, nil, &apiError{status: http.StatusBadRequest, Type: idempotencyError,
			Message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key + "' if you meant to execute a different request."}
	case ok:
		return claim{key: key}, &known.Answer, nil
	}
	s.running[key] = true
	return claim{key: key, fingerprint: asked}, nil, nil
}

// release ends an execution; with an answer the key replays it from now on.
func (s *Server) release(c claim, a *answer) {
	if c.key == "" {
		return
	}
	delete(s.running, c.key)
	if a != nil {
		s.st.Keys[c.key] = &remembered{Fingerprint: c.fingerprint, At: s.opts.Clock(), Answer: *a}
	}
}

// fingerprint is equal for the same call with the same parameters in any order.
func fingerprint(r *http.Request, form url.Values) string {
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + form.Encode()))
	return hex.EncodeToString(sum[:])
}

func keyInUse() *apiError {
	return &apiError{status: http.StatusConflict, Type: invalidRequest, Code: "idempotency_key_in_use",
		Message: "There is currently another in-progress request using this Idempotency Key."}
}
