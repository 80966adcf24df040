package api

import (
	"strconv"
	"strings"

	"github.com/durabill/durabill/fault"
)

// etag writes the version of a mutable resource.
func etag(version int) string { return `"v` + strconv.Itoa(version) + `"` }

// ifMatch reads an If-Match header. It gives nil when there is none; whether one is required is the resource's rule.
func ifMatch(header string) (*int, error) {
	if header == "" {
		return nil, nil //nolint:nilnil // no header is no condition
	}
	digits, ok := strings.CutPrefix(strings.TrimSuffix(header, `"`), `"v`)
	version, err := strconv.Atoi(digits)
	if !ok || err != nil || etag(version) != header {
		f := fault.New(fault.Invalid, "invalid_header", "If-Match must be one version, as ETag gave it.")
		f.Fields = []fault.Field{{Pointer: "@If-Match", Code: "bad_format", Detail: f.Detail}}
		return nil, f
	}
	return &version, nil
}
