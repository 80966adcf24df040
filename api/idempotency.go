package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/durabill/durabill/fault"
)

const maxKeyLen = 255

// Intent is what the caller wants to happen once: the key it chose, the scope in which the key is unique, and the
// hash that tells a repetition from another request under the same key. The store keeps it beside the effect.
type Intent struct {
	Scope string
	Key   string
	Hash  []byte
}

// Within narrows the scope to one object, such as the lease of a commit or the account of an authorize.
func (i Intent) Within(object string) Intent {
	i.Scope += "/" + object
	return i
}

// intentOf gives the intent of an Idempotent operation. Any other operation asking for it is a bug.
func intentOf(ctx context.Context) Intent {
	if i := requestOf(ctx).intent; i != nil {
		return *i
	}
	panic("intent of an operation that is not declared Idempotent")
}

// requireIntent refuses a writing POST without a usable Idempotency-Key.
func requireIntent(ctx huma.Context, next func(huma.Context)) {
	o := opOf(ctx)
	if !o.Idempotent {
		next(ctx)
		return
	}
	c, r := humagin.Unwrap(ctx), requestOf(ctx.Context())
	key, err := idempotencyKey(c.Request.Header.Values("Idempotency-Key"))
	if err != nil {
		stop(ctx, err)
		return
	}
	sum, err := requestHash(c, r.body)
	if err != nil {
		stop(ctx, err)
		return
	}
	r.intent = &Intent{Scope: o.ID + "/" + r.principal.Actor, Key: key, Hash: sum}
	next(ctx)
}

func idempotencyKey(values []string) (string, error) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return "", fault.New(fault.Invalid, "idempotency_key_required", "This operation writes: send an Idempotency-Key.")
	}
	key := values[0]
	visible := !slices.ContainsFunc([]byte(key), func(b byte) bool { return b < 0x21 || b > 0x7e })
	if len(values) > 1 || len(key) > maxKeyLen || !visible {
		f := fault.New(fault.Invalid, "invalid_header", "Idempotency-Key is one value of 1 to %d visible ASCII characters.", maxKeyLen)
		f.Fields = []fault.Field{{Pointer: "@Idempotency-Key", Code: "bad_format", Detail: f.Detail}}
		return "", f
	}
	return key, nil
}

// requestHash covers what the caller asked for and nothing that differs between two tries: not the order of keys,
// not white space. Decimal strings count as written: "1.0" and "1.00" are two requests.
func requestHash(c *gin.Context, body []byte) ([]byte, error) {
	canonical, err := canonicalJSON(body)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	writePart(h, []byte(c.Request.Method))
	writePart(h, []byte(c.FullPath()))
	for _, p := range c.Params {
		writePart(h, []byte(p.Key))
		writePart(h, []byte(p.Value))
	}
	writePart(h, canonical)
	return h.Sum(nil), nil
}

// writePart frames a part by its length, so that two lists of parts never hash alike by running together.
func writePart(h hash.Hash, part []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(part)))
	h.Write(size[:])
	h.Write(part)
}

func canonicalJSON(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, malformed("The body is not a complete JSON document.")
	}
	return json.Marshal(v) // sorts keys
}
