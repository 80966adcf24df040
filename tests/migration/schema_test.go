// Package migration compares what the migrations make with what the models say.
package migration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

var rows = []any{
	models.Realm{}, models.ServiceKey{}, models.IdempotencyKey{}, models.AuditEntry{}, models.AuditHead{}, models.Operation{},
	models.Outbox{}, models.Dispatch{}, models.PricingModel{}, models.FeatureFamily{}, models.Meter{},
	models.Feature{}, models.FeatureMeter{}, models.CreditType{}, models.CreditValue{}, models.MeterPrice{},
	models.Plan{}, models.PlanVersion{}, models.PlanVersionEntitlement{}, models.TestClock{},
	models.BillingAccount{}, models.AccountFunds{}, models.PlanAssignment{}, models.AssignmentPhase{}, models.Wait{},
	models.BillingPeriod{}, models.CreditLot{}, models.Lease{}, models.Authorization{}, models.Commit{},
	models.UsageEvent{}, models.RatingCounter{}, models.Rating{}, models.Allocation{}, models.QuarantineItem{},
	models.Settlement{}, models.LedgerTransaction{}, models.LedgerEntry{}, models.LedgerBalance{},
	models.LedgerHead{}, models.LedgerExactSum{}, models.Invoice{}, models.InvoiceNumber{}, models.InvoiceLine{},
	models.InvoiceLineRating{}, models.Payment{}, models.StripeEndpoint{}, models.InboxEvent{},
	models.ProviderCall{}, models.ProviderEffect{}, models.CheckoutSession{}, models.SafetyBreach{},
}

func TestMigrationsGoUpFromZeroAndAgainAreANoOp(t *testing.T) {
	t.Parallel()
	url := harness.EmptyDatabase(t)
	steps, err := store.Migrate(t.Context(), url)
	require.NoError(t, err)
	require.Positive(t, steps)
	have, want, err := store.SchemaLevel(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, want, have)
	steps, err = store.Migrate(t.Context(), url)
	require.NoError(t, err)
	require.Zero(t, steps)
}

// tables gives every tenant table's columns as the database has them.
func tables(t *testing.T) map[string][]string {
	t.Helper()
	found, err := harness.Owner(t, harness.Database(t)).Query(t.Context(), `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`)
	require.NoError(t, err)
	type column struct{ Table, Name string }
	columns, err := pgx.CollectRows(found, pgx.RowToStructByPos[column])
	require.NoError(t, err)
	out := map[string][]string{}
	for _, c := range columns {
		out[c.Table] = append(out[c.Table], c.Name)
	}
	return out
}

func TestEveryModelHasExactlyTheColumnsOfItsTable(t *testing.T) {
	t.Parallel()
	have := tables(t)
	for _, row := range rows {
		s, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
		require.NoError(t, err)
		require.Contains(t, have, s.Table, "%s has no table", s.Name)
		require.ElementsMatch(t, have[s.Table], s.DBNames, "columns of %s", s.Table)
		delete(have, s.Table)
	}
	require.Empty(t, have, "tables that no model describes")
}

// The list above is written by hand; this holds it against the package itself.
func TestEveryModelIsCompared(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, row := range rows {
		s, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
		require.NoError(t, err)
		listed[s.Name] = true
	}
	for _, name := range rowTypes(t) {
		require.True(t, listed[name], "models.%s is a row and is not compared", name)
	}
}

// rowTypes finds the structs of package models that are rows: they carry Row, or a RealmID of their own.
func rowTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../models/*.go")
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if body, ok := spec.Type.(*ast.StructType); ok && spec.Name.Name != "Row" && isRow(body) {
				out = append(out, spec.Name.Name)
			}
			return true
		})
	}
	require.NotEmpty(t, out)
	return out
}

func isRow(body *ast.StructType) bool {
	for _, f := range body.Fields.List {
		if embedded, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 && embedded.Name == "Row" {
			return true
		}
		for _, name := range f.Names {
			if name.Name == "RealmID" {
				return true
			}
		}
	}
	return false
}
