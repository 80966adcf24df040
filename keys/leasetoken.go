package keys

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

const (
	leaseTokenLead  = "lst_"
	leaseTokenBytes = 32
)

// ErrLeaseToken says that a string cannot be a lease token.
var ErrLeaseToken = errors.New("not a lease token")

// NewLeaseToken draws the bearer secret of a lease. It is random and not a v7 id, so that nobody can guess the
// neighbour's.
func NewLeaseToken(random io.Reader) (string, error) {
	raw := make([]byte, leaseTokenBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("draw lease token: %w", err)
	}
	return leaseTokenLead + base64.RawURLEncoding.EncodeToString(raw), nil
}

// HashLeaseToken is the look-up key of a lease: only the hash is stored, and a look-up by hash needs no comparison
// whose time could leak.
func HashLeaseToken(token string) ([]byte, error) {
	if len(token) <= len(leaseTokenLead) || token[:len(leaseTokenLead)] != leaseTokenLead {
		return nil, ErrLeaseToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token[len(leaseTokenLead):])
	if err != nil || len(raw) != leaseTokenBytes {
		return nil, ErrLeaseToken
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}
