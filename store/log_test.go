package store

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

func TestAFailedStatementIsLoggedWithoutItsValues(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	// Nothing listens there: every statement fails, by each of GORM's ways to a log line.
	cfg, err := pgx.ParseConfig("postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=1")
	require.NoError(t, err)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: stdlib.OpenDB(*cfg)}),
		&gorm.Config{Logger: statementLogger(slog.New(slog.NewTextHandler(&out, nil))), DisableAutomaticPing: true})
	require.NoError(t, err)
	var n int
	require.Error(t, db.Raw("SELECT 1 WHERE ? = 'x'", "a customer's name").Scan(&n).Error)
	require.Error(t, db.Exec("SELECT 2 WHERE ? = 'x'", "a customer's name").Error)
	require.Contains(t, out.String(), "SELECT 1")
	require.Contains(t, out.String(), "SELECT 2")
	require.NotContains(t, out.String(), "customer")
}
