package api

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/fault"
)

// misfit opens the message of a value that passed the schema and still did not fit its Go type.
const misfit = "value does not fit field "

const (
	badScaleHint  = "a decimal string with at most "
	maxPointerLen = 256
	maxFields     = 100 // a body can be wrong in as many places as it has bytes
)

// newHumaError replaces huma's error model by ours. It never copies a value of the request into the answer.
func newHumaError(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
	return problemOf(ctx.Context(), faultOfHuma(status, msg, errs))
}

func faultOfHuma(status int, msg string, errs []error) error {
	for _, err := range errs {
		var f *fault.Fault
		if errors.As(err, &f) {
			return err
		}
	}
	switch status {
	case http.StatusUnprocessableEntity:
		return faultOfDetails(errs)
	case http.StatusBadRequest:
		return fault.New(fault.Invalid, "malformed_json", "The body is not a JSON document this operation can read.")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "body_too_large", "The body is larger than this operation accepts.")
	case http.StatusUnsupportedMediaType:
		return errMediaType
	case http.StatusRequestTimeout:
		return errBodyTimeout
	default:
		return errors.Join(append([]error{errors.New(msg)}, errs...)...)
	}
}

// faultOfDetails sorts huma's findings: a wrong path, header or query name has a code of its own, all else is
// validation_failed.
func faultOfDetails(errs []error) *fault.Fault {
	var fields []fault.Field
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		detail := d.ErrorDetail()
		where, rest, _ := strings.Cut(detail.Location, ".")
		switch {
		case where == "path":
			f := fault.New(fault.Invalid, "invalid_id", "The path holds no valid id.")
			f.Fields = []fault.Field{{Pointer: "{" + rest + "}", Code: codeOf(detail), Detail: said(detail)}}
			return f
		case where == "header":
			f := fault.New(fault.Invalid, "invalid_header", "A header is missing or malformed.")
			f.Fields = []fault.Field{{Pointer: bounded("@" + rest), Code: codeOf(detail), Detail: said(detail)}}
			return f
		case where == "query" && detail.Message == "unknown query parameter":
			f := fault.New(fault.Invalid, "unknown_parameter", "A query parameter is not known here.")
			f.Fields = []fault.Field{{Pointer: bounded("?" + rest), Code: "unknown_field", Detail: "Unknown query parameter."}}
			return f
		case where == "query":
			fields = append(fields, fault.Field{Pointer: bounded("?" + rest), Code: codeOf(detail), Detail: said(detail)})
		default:
			fields = append(fields, bodyField(detail))
		}
	}
	fields = fields[:min(len(fields), maxFields)]
	return &fault.Fault{Kind: fault.Invalid, Code: "validation_failed", Detail: "The request has invalid fields.", Fields: fields}
}

var requiredProperty = regexp.MustCompile(`^expected (?:required )?property (\S+) to be present`)

func bodyField(d *huma.ErrorDetail) fault.Field {
	pointer, detail := pointerOf(d.Location), said(d)
	if m := requiredProperty.FindStringSubmatch(d.Message); m != nil {
		pointer += "/" + m[1]
	}
	if field, ok := strings.CutPrefix(d.Message, misfit); ok {
		pointer, detail = pointerOf("body."+field), "The value is out of range or of the wrong type."
	}
	return fault.Field{Pointer: bounded(pointer), Code: codeOf(d), Detail: detail}
}

// said is huma's sentence, unless it is a parser's, which repeats what was sent.
func said(d *huma.ErrorDetail) string {
	m := d.Message
	if strings.HasPrefix(m, "expected ") || strings.HasPrefix(m, "required ") || m == "unexpected property" {
		return m
	}
	return "The value does not have the form that is wanted here."
}

var index = regexp.MustCompile(`\[(\d+)\]`)

// pointerOf turns huma's body.items[2].amount into /items/2/amount.
func pointerOf(location string) string {
	path := strings.TrimPrefix(location, "body")
	path = index.ReplaceAllString(path, ".$1")
	path = strings.NewReplacer("~", "~0", "/", "~1").Replace(path)
	return strings.ReplaceAll(path, ".", "/")
}

// bounded keeps a caller's own field name from filling the answer.
func bounded(pointer string) string {
	if len(pointer) > maxPointerLen {
		return strings.ToValidUTF8(pointer[:maxPointerLen], "") + "…"
	}
	return pointer
}

// codeOf reads the registry's code out of huma's message; huma offers nothing but the sentence.
func codeOf(d *huma.ErrorDetail) string {
	m := d.Message
	switch {
	case requiredProperty.MatchString(m), strings.HasPrefix(m, "required "):
		return "required"
	case m == "unexpected property":
		return "unknown_field"
	case strings.HasPrefix(m, "expected length <="), strings.HasPrefix(m, "expected array length <="):
		return "too_long"
	case strings.HasPrefix(m, "expected length >="), strings.HasPrefix(m, "expected array length >="),
		strings.HasPrefix(m, "expected number "), strings.HasPrefix(m, "expected object with at "):
		return "out_of_range"
	case strings.Contains(m, badScaleHint):
		return decimalCode(d.Value)
	default:
		return "bad_format"
	}
}

// decimalCode says why a decimal string was refused.
func decimalCode(value any) string {
	s, _ := value.(string)
	switch {
	case strings.EqualFold(strings.TrimLeft(s, "+-"), "nan"):
		return "nan"
	case len(s) <= 2*maxDecimalChars && anyScale.MatchString(s):
		return "bad_scale"
	case len(s) <= 2*maxDecimalChars && anySize.MatchString(s):
		return "out_of_range"
	default:
		return "bad_format"
	}
}
