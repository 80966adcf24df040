package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/durabill/durabill/fault"
)

const maxName = 200

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_.:-]{0,62}$`)

// fields gathers every wrong place of a request, so that the caller mends them all in one go. Pointers are the wire body's.
type fields struct{ wrong []fault.Field }

func (f *fields) at(pointer, code, detail string, args ...any) {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	f.wrong = append(f.wrong, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

// below takes over what a part of the body said about itself; its pointers are relative to where the part stands.
func (f *fields) below(pointer string, err error) {
	if err == nil {
		return
	}
	for _, part := range fault.Of(err).Fields {
		f.at(pointer+part.Pointer, part.Code, part.Detail)
	}
}

func (f *fields) code(pointer, code string) {
	if !codeForm.MatchString(code) {
		f.at(pointer, "bad_format", "A code begins with a lower-case letter and has up to 63 of a-z, 0-9, _ . : -")
	}
}

func (f *fields) name(pointer, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		f.at(pointer, "required", "A name is required.")
	case utf8.RuneCountInString(name) > maxName:
		f.at(pointer, "too_long", "A name has at most %d characters.", maxName)
	}
}

// unknown says that an id names nothing in the realm, which is the same answer for another realm's id.
func (f *fields) unknown(pointer, detail string) { f.at(pointer, "not_found", detail) }

// fault is not_found when nothing is wrong but ids: an id in a body is answered as one in a path is.
func (f *fields) fault() error {
	if len(f.wrong) == 0 {
		return nil
	}
	if !slices.ContainsFunc(f.wrong, func(w fault.Field) bool { return w.Code != "not_found" }) {
		absent := fault.New(fault.NotFound, "not_found", "It names an object that is not in this realm.")
		absent.Fields = f.wrong
		return absent
	}
	all := fault.At(f.wrong[0].Pointer, f.wrong[0].Code, f.wrong[0].Detail)
	all.Fields = f.wrong
	return all
}

func pointer(list string, i int) string { return fmt.Sprintf("%s/%d", list, i) }
