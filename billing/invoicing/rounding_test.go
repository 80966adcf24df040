package invoicing_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNobodyElseRoundsToMinorUnits(t *testing.T) {
	t.Parallel()
	rounds := map[string]bool{"Round": true, "RoundQuotient": true, "RoundParts": true}
	here, set := 0, token.NewFileSet()
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != root || e.Name() == "devstack"):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !rounds[sel.Sel.Name] {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "money" {
				require.Equal(t, "invoicing", file.Name.Name, "%s rounds to minor units", set.Position(n.Pos()))
				here++
			}
			return true
		})
		return nil
	}))
	require.Positive(t, here)
}
