package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"

	"github.com/google/uuid"
)

// Modes of a realm and of the keys that open it.
const (
	ModeLive = "live"
	ModeTest = "test"
)

const (
	serviceKeyLead = "bsk"
	secretBytes    = 32
	secretLen      = 43 // 62^43 > 2^256
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrServiceKey says that a string cannot be a service key: wrong shape or wrong checksum. It names no reason, so
// that a caller who guesses learns nothing.
var ErrServiceKey = errors.New("not a service key")

// Token is a service key taken apart: bsk_{mode}_{key id}_{secret}_{crc32}. The checksum lets secret scanners and
// this package refuse a mistyped key without a look-up.
type Token struct {
	Mode   string
	KeyID  uuid.UUID
	Secret string `json:"-"`
}

// NewServiceKey draws a 256-bit secret for key id.
func NewServiceKey(mode string, id uuid.UUID, random io.Reader) (Token, error) {
	if mode != ModeLive && mode != ModeTest {
		return Token{}, fmt.Errorf("mode %q is neither live nor test", mode)
	}
	raw := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return Token{}, fmt.Errorf("draw secret: %w", err)
	}
	return Token{Mode: mode, KeyID: id, Secret: toBase62(raw)}, nil
}

// Reveal is the whole key as the caller keeps it. It is shown once and never stored.
func (t Token) Reveal() string {
	head := t.head()
	return head + "_" + checksum(head)
}

// Format keeps the secret out of every fmt verb, so that a stray %v in a log line cannot become a credential.
func (t Token) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, serviceKeyLead+"_"+t.Mode+"_"+t.digits()+"_…")
}

func (t Token) head() string {
	return strings.Join([]string{serviceKeyLead, t.Mode, t.digits(), t.Secret}, "_")
}

func (t Token) digits() string {
	return strings.TrimPrefix(Encode(ServiceKey, t.KeyID), ServiceKey+"_")
}

// ParseServiceKey takes a key apart and checks its form; whether it opens anything is the store's to say.
func ParseServiceKey(s string) (Token, error) {
	parts := strings.Split(s, "_")
	if len(parts) != 5 || parts[0] != serviceKeyLead || (parts[1] != ModeLive && parts[1] != ModeTest) {
		return Token{}, ErrServiceKey
	}
	id, err := Decode(ServiceKey, ServiceKey+"_"+parts[2])
	if err != nil || !isBase62(parts[3]) {
		return Token{}, ErrServiceKey
	}
	token := Token{Mode: parts[1], KeyID: id, Secret: parts[3]}
	if !hmac.Equal([]byte(checksum(token.head())), []byte(parts[4])) {
		return Token{}, ErrServiceKey
	}
	return token, nil
}

// HashSecret is what the database keeps instead of a secret. A fast hash is right here: the secret has 256 bits, and
// the pepper lives outside the database.
func HashSecret(pepper []byte, secret string) []byte {
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// SecretMatches compares in constant time.
func SecretMatches(pepper []byte, secret string, hash []byte) bool {
	return hmac.Equal(HashSecret(pepper, secret), hash)
}

func checksum(s string) string {
	sum := crc32.ChecksumIEEE([]byte(s))
	return hex.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

func toBase62(raw []byte) string {
	out := make([]byte, secretLen)
	n, base, digit := new(big.Int).SetBytes(raw), big.NewInt(int64(len(base62))), new(big.Int)
	for i := secretLen - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}

func isBase62(s string) bool {
	if len(s) != secretLen {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(base62, s[i]) < 0 {
			return false
		}
	}
	return true
}
