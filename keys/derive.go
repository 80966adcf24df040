package keys

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// space is the root of every derived id. It must never change: a changed root would give old work new ids.
var space = uuid.MustParse("6f0f8a52-7c2b-5d0e-9b39-2f1c64d1d3a7")

// Derive gives a row made by a workflow the id that follows from what it is about, so a re-run collides with the
// first run instead of duplicating it. Parts are length-prefixed: ("ab","c") and ("a","bc") differ.
func Derive(ns string, parts ...string) uuid.UUID {
	var b strings.Builder
	for _, part := range append([]string{ns}, parts...) {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	return uuid.NewSHA1(space, []byte(b.String()))
}

// Shard says which of n loops serves an account. It reads the id's random tail: the head of a v7 is its time, which
// would put accounts created together on one shard.
func Shard(account uuid.UUID, n int) int {
	if n <= 1 {
		return 0
	}
	return int(binary.BigEndian.Uint64(account[8:]) % uint64(n))
}
