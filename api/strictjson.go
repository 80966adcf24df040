package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/durabill/durabill/fault"
)

// The bounds of a document. Values are counted because each may become a finding, and a megabyte holds hundreds of thousands.
const (
	maxDepth  = 32
	maxValues = 20_000
)

func malformed(detail string) error { return fault.New(fault.Invalid, "malformed_json", "%s", detail) }

// strictJSON accepts exactly one JSON document whose every string can be stored and whose every object says each
// thing once. A refusal points at where it was noticed. Null stands only in fields of the names given.
func strictJSON(body []byte, nullable ...string) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	w := walker{dec: dec, body: body, nullable: nullable}
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return w.malformed("There is something after the JSON document.")
	}
	return nil
}

type walker struct {
	dec  *json.Decoder
	body []byte
	path []string
	seen int

	nullable []string
}

// here points at what the walker is looking at.
func (w *walker) here() string {
	if len(w.path) == 0 {
		return ""
	}
	return bounded("/" + strings.Join(w.path, "/"))
}

func (w *walker) malformed(detail string) error {
	f := fault.New(fault.Invalid, "malformed_json", "%s", detail)
	f.Fields = []fault.Field{{Pointer: w.here(), Code: "bad_format", Detail: detail}}
	return f
}

func (w *walker) value(depth int) error {
	if depth > maxDepth {
		return w.malformed("The document is nested too deeply.")
	}
	if w.seen++; w.seen > maxValues {
		return w.malformed("The document holds too many values.")
	}
	before := w.dec.InputOffset()
	token, err := w.dec.Token()
	if err != nil {
		return w.malformed("The body is not a complete JSON document.")
	}
	switch t := token.(type) {
	case nil:
		if len(w.path) > 0 && slices.Contains(w.nullable, w.path[len(w.path)-1]) {
			return nil
		}
		return fault.At(w.here(), "bad_format", "Nothing here can be null; leave the field out.")
	case string:
		return w.text(t, before)
	case json.Number:
		return w.number(t)
	case json.Delim:
		if t == '{' {
			return w.object(depth)
		}
		return w.array(depth)
	default:
		return nil
	}
}

// number takes whole numbers only, since decimals are strings here. The decoders behind would read 1.0 as 1, or refuse it
// without saying where.
func (w *walker) number(n json.Number) error {
	if strings.ContainsAny(n.String(), ".eE") {
		return fault.At(w.here(), "bad_format", "A number here is a whole number in plain digits.")
	}
	if _, err := n.Int64(); err != nil {
		return fault.At(w.here(), "out_of_range", "The number is too large for any field.")
	}
	return nil
}

// text looks at a string as it was written, from before on: the decoder has put U+FFFD in the place of what it could not read.
func (w *walker) text(s string, before int64) error {
	written := w.body[before:w.dec.InputOffset()]
	switch {
	case strings.ContainsRune(s, 0):
		return w.malformed("A string holds the character NUL.")
	case !utf8.Valid(written):
		return w.malformed("A string is not valid UTF-8.")
	case loneSurrogate(written):
		return w.malformed("A string holds half of a surrogate pair.")
	}
	return nil
}

func (w *walker) object(depth int) error {
	seen := map[string]bool{}
	for w.dec.More() {
		before := w.dec.InputOffset()
		token, err := w.dec.Token()
		if err != nil {
			return w.malformed("The body is not a complete JSON document.")
		}
		key, _ := token.(string) // inside an object the decoder yields only strings here
		if err := w.text(key, before); err != nil {
			return err
		}
		w.path = append(w.path, escape(key))
		if seen[key] {
			return fault.At(w.here(), "duplicate_key", "This key occurs twice in its object.")
		}
		seen[key] = true
		if err := w.value(depth + 1); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	return w.end()
}

func (w *walker) array(depth int) error {
	for i := 0; w.dec.More(); i++ {
		w.path = append(w.path, strconv.Itoa(i))
		if err := w.value(depth + 1); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	return w.end()
}

func (w *walker) end() error {
	if _, err := w.dec.Token(); err != nil {
		return w.malformed("The body is not a complete JSON document.")
	}
	return nil
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// loneSurrogate finds \uD800…\uDFFF escapes without their other half; encoding/json would store U+FFFD for them.
func loneSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if body[i+1] != 'u' {
			i++
			continue
		}
		high := unit(body, i)
		switch {
		case high >= 0xDC00 && high <= 0xDFFF:
			return true
		case high >= 0xD800 && high <= 0xDBFF:
			low := unit(body, i+6)
			if low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
		i++
	}
	return false
}

// unit reads the \uXXXX at position i, or gives -1.
func unit(body []byte, i int) int64 {
	if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(body[i+2:i+6]), 16, 32)
	if err != nil {
		return -1
	}
	return int64(n)
}
