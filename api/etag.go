package api

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/store"
)

// etagOf writes the version of a mutable resource.
func etagOf(version int64) string { return `"v` + strconv.FormatInt(version, 10) + `"` }

// entityTags is a list of RFC 9110, 8.8.3: tags, weak ones marked W/, separated by commas; empty elements count for nothing.
var (
	entityTag  = `(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`
	entityTags = regexp.MustCompile(`^[ \t,]*` + entityTag + `(?:[ \t]*,[ \t]*(?:` + entityTag + `)?)*[ \t,]*$`)
	eachTag    = regexp.MustCompile(entityTag)
	ourTag     = regexp.MustCompile(`^"v([1-9][0-9]{0,17})"$`)
)

// maxTags bounds the list of a condition; a caller has read a version or two.
const maxTags = 20

// ifMatch reads an If-Match header. It gives nil when there is none; whether one is required is the resource's rule. Only
// strong tags compare equal (RFC 9110, 13.1.1): a weak one, or one that we never gave, is a version that does not match.
func ifMatch(header string) (store.Versions, error) {
	header = strings.Trim(header, " \t")
	if header == "" {
		return nil, nil
	}
	if header == "*" {
		return store.Versions{store.AnyVersion}, nil
	}
	tags := eachTag.FindAllString(header, maxTags+1)
	if !entityTags.MatchString(header) || len(tags) > maxTags {
		f := fault.New(fault.Invalid, "invalid_header", "If-Match is a list of up to %d entity tags, as ETag gave them, or *.", maxTags)
		f.Fields = []fault.Field{{Pointer: "@If-Match", Code: "bad_format", Detail: f.Detail}}
		return nil, f
	}
	out := store.Versions{}
	for _, tag := range tags {
		digits := ourTag.FindStringSubmatch(tag)
		if digits == nil {
			continue
		}
		version, err := strconv.ParseInt(digits[1], 10, 64)
		if err == nil { // eighteen digits always fit
			out = append(out, version)
		}
	}
	return out, nil
}

// noneMatch says whether an If-None-Match header names the tag, so that a reader has it already. Here weak tags count; a header
// that is no list of tags names none.
func noneMatch(header, tag string) bool {
	header = strings.Trim(header, " \t")
	if tag == "" || header == "" || header != "*" && !entityTags.MatchString(header) {
		return false
	}
	if header == "*" {
		return true
	}
	for _, t := range eachTag.FindAllString(header, -1) {
		if strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// notModified is huma's form of an answer without a body: the reader has the version of this tag.
type notModified string

func (notModified) Error() string  { return http.StatusText(http.StatusNotModified) }
func (notModified) GetStatus() int { return http.StatusNotModified }

// GetHeaders repeats the tag, as RFC 9110 wants.
func (n notModified) GetHeaders() http.Header { return http.Header{"Etag": {string(n)}} }
