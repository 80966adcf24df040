// Package keys owns every name that must be the same wherever it is written: wire ids, workflow ids, operation keys
// and the shape of secrets.
//
// Invariants: a name is a pure function of business ids, so a retry, a replay or a second process derives the same
// one; two different things never get the same name. It refuses clocks, randomness that is not handed in, and any
// knowledge of who stores or sends the name.
package keys

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

const (
	alphabet  = "0123456789abcdefghjkmnpqrstvwxyz"
	suffixLen = 26
)

// ErrID is the root of every refusal of Decode.
var ErrID = errors.New("not an id of this kind")

var decoding = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xFF
	}
	for i := range len(alphabet) {
		table[alphabet[i]] = byte(i)
	}
	return table
}()

// Encode writes id on the wire: the prefix, an underscore and 26 lower-case base32 digits. Digits sort as the id's
// bytes do, so wire ids of v7 are ordered by time.
func Encode(prefix string, id uuid.UUID) string {
	out := make([]byte, len(prefix)+1+suffixLen)
	copy(out, prefix)
	out[len(prefix)] = '_'
	digits := out[len(prefix)+1:]
	// 26 digits hold 130 bits: the leading two are always zero. Bits are taken five at a time from the low end.
	var acc uint32
	var bits uint
	at := len(id) - 1
	for i := suffixLen - 1; i >= 0; i-- {
		if bits < 5 && at >= 0 {
			acc |= uint32(id[at]) << bits
			bits += 8
			at--
		}
		digits[i] = alphabet[acc&0x1F]
		acc >>= 5
		bits = max(bits, 5) - 5
	}
	return string(out)
}

// Decode reads a wire id. It accepts exactly what Encode writes for this prefix: no upper case, no look-alike
// letters, no value above 128 bits, so that one object has one spelling.
func Decode(prefix, s string) (uuid.UUID, error) {
	head := len(prefix) + 1
	if len(s) != head+suffixLen || s[:len(prefix)] != prefix || s[len(prefix)] != '_' {
		return uuid.Nil, fmt.Errorf("%w: want %s_ and %d digits", ErrID, prefix, suffixLen)
	}
	digits := s[head:]
	if digits[0] > '7' {
		return uuid.Nil, fmt.Errorf("%w: more than 128 bits", ErrID)
	}
	var id uuid.UUID
	var acc uint32
	var bits uint
	at := len(id) - 1
	for i := suffixLen - 1; i >= 0; i-- {
		v := decoding[digits[i]]
		if v == 0xFF {
			return uuid.Nil, fmt.Errorf("%w: a digit is not in the alphabet", ErrID)
		}
		acc |= uint32(v) << bits
		bits += 5
		if bits >= 8 && at >= 0 {
			id[at] = byte(acc)
			at--
			acc >>= 8
			bits -= 8
		}
	}
	return id, nil
}
