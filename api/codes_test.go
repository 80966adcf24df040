package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
)

// computed are the codes that are not written where the fault is made, by the expression that gives them.
var computed = map[string][]string{
	"leaseOver(lease.Status)":             {"lease_closed", "lease_released"},
	`"account_" + string(account.Status)`: {"account_suspended", "account_parked", "account_closed"},
	"codeOf(detail)":                      {"bad_format", "bad_scale", "nan", "out_of_range", "required", "too_long", "unknown_field"},
	"codeOf(d)":                           {"bad_format"},
	"api.code":                            {"invalid_id", "unknown_parameter", "validation_failed"},
	"api.fieldCode":                       {"bad_format"},
	// Passed on: the places that gave them are read themselves.
	"metering.code":  {"bad_format"},
	"invoicing.code": {"bad_format"}, "invoicing.f.fields[0].Code": {"bad_format"},
	"pricing.code": {"bad_format"}, "pricing.f[0].Code": {"bad_format"}, "pricing.field.Code": {"bad_format"}, "api.fields[0].Code": {"bad_format"},
	"store.code": {"bad_format"}, "store.f.wrong[0].Code": {"bad_format"}, "store.part.Code": {"bad_format"},
}

// said is a code that some place of the source gives a fault.
type said struct {
	at, code string
	field    bool // of one wrong place
	internal bool // never on the wire
}

func TestEveryCodeThatAFaultIsGivenIsRegistered(t *testing.T) {
	t.Parallel()
	places := faultCodes(t, "..")
	require.Greater(t, len(places), 200)
	for _, s := range places {
		switch {
		case s.field:
			assert.True(t, slices.Contains(api.FieldCodes(), s.code), "%s: %s", s.at, s.code)
		case s.internal:
			assert.True(t, slices.Contains(api.InnerCodes(), s.code) || slices.Contains(api.Codes(), s.code), "%s: %s", s.at, s.code)
		default:
			assert.True(t, slices.Contains(api.Codes(), s.code), "%s: %s", s.at, s.code)
		}
	}
}

// faultCodes reads the source below root, tests apart.
func faultCodes(t *testing.T, root string) []said {
	t.Helper()
	set, files, constants := token.NewFileSet(), map[string]*ast.File{}, map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != root || e.Name() == "tests" || e.Name() == "devstack"):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files[path], err = parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		return err
	}))
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						constants[f.Name.Name+"."+name.Name] = literal(spec.Values[i])
					}
				}
			}
			return true
		})
	}
	var found []said
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, g := range given(n) {
				for _, code := range spelled(t, set, f.Name.Name, constants, g.code) {
					found = append(found, said{at: set.Position(n.Pos()).String(), code: code, field: g.field, internal: g.internal})
				}
			}
			return true
		})
	}
	return found
}

type code struct {
	code            ast.Expr
	field, internal bool
}

// given finds the codes in fault.New(kind, code, …), fault.At(pointer, code, …), in the helpers at and refuse, which take what At
// takes, and in a fault.Field.
func given(n ast.Node) []code {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := types.ExprString(n.Fun)
		switch {
		case len(n.Args) < 3:
		case name == "fault.New":
			return []code{{code: n.Args[1], internal: types.ExprString(n.Args[0]) == "fault.Internal"}}
		case name == "fault.At", name == "f.at", name == "refuse":
			return []code{{code: n.Args[1], field: true}}
		}
	case *ast.CompositeLit:
		kind := ""
		if n.Type != nil {
			kind = types.ExprString(n.Type)
		}
		for _, e := range n.Elts {
			lit, ok := e.(*ast.CompositeLit)
			if ok && kind == "[]fault.Field" {
				return fieldsOf(lit)
			}
		}
		if kind == "fault.Field" {
			return fieldsOf(n)
		}
	}
	return nil
}

func fieldsOf(lit *ast.CompositeLit) []code {
	for _, e := range lit.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok && types.ExprString(pair.Key) == "Code" {
			return []code{{code: pair.Value, field: true}}
		}
	}
	return nil
}

// spelled gives the words that an expression may come to.
func spelled(t *testing.T, set *token.FileSet, pkg string, constants map[string]string, e ast.Expr) []string {
	t.Helper()
	if s := literal(e); s != "" {
		return []string{s}
	}
	text := types.ExprString(e)
	if s := constants[text]; s != "" {
		return []string{s}
	}
	if s := constants[pkg+"."+text]; s != "" {
		return []string{s}
	}
	known, ok := computed[text]
	if !ok {
		known, ok = computed[pkg+"."+text]
	}
	assert.True(t, ok, "%s: which codes may %s be?", set.Position(e.Pos()), text)
	return known
}

func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}
