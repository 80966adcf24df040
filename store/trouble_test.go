package store_test

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

const accountLocked = "SELECT id FROM billing_accounts WHERE id = $1 FOR UPDATE"

// troubled is a store on the scene's database with settings of its own.
func troubled(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	return st
}

// hostile begins a transaction underneath the store that holds what the query locks.
func hostile(t *testing.T, s *harness.Scene, sql string) pgx.Tx {
	t.Helper()
	tx, err := harness.Owner(t, s.URL).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), sql, s.Account.ID)
	require.NoError(t, err)
	return tx
}

func askOf(s *harness.Scene, key string) store.Ask {
	return store.Ask{Account: s.Account.ID, FeatureCode: harness.SceneFeature, TTL: time.Hour, Key: key, Hash: []byte("h"), Secret: []byte("secret"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.NewFromInt(100_000)}}}
}

// requireBusy holds an error to what a caller may do about it: try again, since nothing has happened.
func requireBusy(t *testing.T, s *harness.Scene, err error) {
	t.Helper()
	require.True(t, fault.Is(err, "unavailable"), "%v", err)
	require.Equal(t, fault.Unavailable, fault.Of(err).Kind)
	require.NotContains(t, fault.Of(err).Detail, "SQLSTATE")
	require.Equal(t, "0 0", s.Text("SELECT concat_ws(' ', (SELECT count(*) FROM authorizations), (SELECT count(*) FROM leases))"))
	require.Empty(t, s.Sound())
}

func troubledScene(t *testing.T) *harness.Scene {
	t.Helper()
	s := harness.NewScene(t, harness.Setting{Now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)})
	s.Assign(time.Time{})
	return s
}

func TestALockThatIsNotGivenUpLeavesNothingAndSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	st := troubled(t, store.Config{URL: s.URL, LockTimeout: 50 * time.Millisecond})
	holder := hostile(t, s, accountLocked)
	_, err := st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	requireBusy(t, s, err)
	require.NoError(t, holder.Rollback(t.Context()))
	_, err = st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	require.NoError(t, err)
}

func TestAStatementThatTakesTooLongLeavesNothingAndSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	st := troubled(t, store.Config{URL: s.URL, LockTimeout: time.Minute, StatementTimeout: 100 * time.Millisecond})
	hostile(t, s, accountLocked)
	_, err := st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	requireBusy(t, s, err)
}

// The hostile transaction takes the locks in the wrong order, so that each waits for the other.
func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	s.Exec("INSERT INTO account_funds (realm_id, billing_account_id, asset, available, held) VALUES ($1, $2, 'CREDIT', 0, 0) ON CONFLICT DO NOTHING",
		s.Call.Realm, s.Account.ID)
	// Whoever looks for a deadlock first is ended by what it finds: the store, if the other side is ready before it looks.
	s.Exec("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 3000', current_database()); END $$")
	st := troubled(t, store.Config{URL: s.URL, LockTimeout: 20 * time.Second, StatementTimeout: 30 * time.Second})
	holder := hostile(t, s, "SELECT asset FROM account_funds WHERE billing_account_id = $1 FOR UPDATE")
	_, err := holder.Exec(t.Context(), "SET LOCAL deadlock_timeout = '1min'")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := st.Authorize(context.Background(), s.Call, askOf(s, "a"))
		ended <- err
	}()
	require.Eventually(t, func() bool {
		return s.Text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "1"
	}, 10*time.Second, 5*time.Millisecond)
	_, err = holder.Exec(t.Context(), accountLocked, s.Account.ID)
	require.NoError(t, err, "the store's own waiting began first, so it is the one that Postgres ends")
	require.NoError(t, holder.Rollback(t.Context()))
	require.NoError(t, <-ended)
	require.Equal(t, "1", s.Text("SELECT count(*) FROM leases"))
}

func TestAPoolWithoutAFreeConnectionSaysTryAgainInsteadOfWaitingForEver(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	st := troubled(t, store.Config{URL: s.URL, MaxConns: 1, AcquireTimeout: 50 * time.Millisecond, LockTimeout: 20 * time.Second,
		StatementTimeout: 30 * time.Second})
	holder := hostile(t, s, accountLocked)
	ended := make(chan error, 1)
	go func() {
		_, err := st.Authorize(context.Background(), s.Call, askOf(s, "a"))
		ended <- err
	}()
	require.Eventually(t, func() bool {
		return s.Text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "1"
	}, 10*time.Second, 5*time.Millisecond)
	_, err := st.Authorize(t.Context(), s.Call, askOf(s, "b"))
	requireBusy(t, s, err)
	require.NoError(t, holder.Rollback(t.Context()))
	require.NoError(t, <-ended)
}

func TestADatabaseThatOnlyReadsSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	st := troubled(t, store.Config{URL: s.URL + "&default_transaction_read_only=on"})
	_, err := st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	requireBusy(t, s, err)
	_, err = st.FindAccount(t.Context(), s.Call, s.Account.ID)
	require.NoError(t, err, "a standby still answers")
}

func TestADatabaseWithTooManyConnectionsSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	role := "crowd_" + strings.ReplaceAll(s.Account.ID.String(), "-", "")
	s.Exec("CREATE ROLE " + role + " LOGIN CONNECTION LIMIT 0 IN ROLE durabill_app")
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), s.URL)
		require.NoError(t, err)
		_, err = conn.Exec(context.Background(), "DROP ROLE "+role)
		require.NoError(t, err)
		require.NoError(t, conn.Close(context.Background()))
	})
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	u.User = url.User(role)
	st := troubled(t, store.Config{URL: u.String()})
	_, err = st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	requireBusy(t, s, err)
}

func TestADatabaseThatIsNotThereSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	u.Host = "127.0.0.1:1"
	st := troubled(t, store.Config{URL: u.String()})
	_, err = st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	requireBusy(t, s, err)
}

// A lease that could not be looked for is not a lease that does not exist: the caller would throw its commit away.
func TestALeaseThatCannotBeReadSaysTryAgain(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	st := troubled(t, store.Config{URL: s.URL, LockTimeout: 50 * time.Millisecond})
	granted, err := st.Authorize(t.Context(), s.Call, askOf(s, "a"))
	require.NoError(t, err)
	holder, err := harness.Owner(t, s.URL).Begin(t.Context())
	require.NoError(t, err)
	_, err = holder.Exec(t.Context(), "LOCK TABLE leases IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	_, err = st.ReleaseLease(t.Context(), s.Call, granted.Token)
	require.True(t, fault.Is(err, "unavailable"), "%v", err)
	require.NoError(t, holder.Rollback(t.Context()))
	_, err = st.ReleaseLease(t.Context(), s.Call, granted.Token)
	require.NoError(t, err)
	_, err = st.ReleaseLease(t.Context(), s.Call, "not a token of ours")
	require.True(t, fault.Is(err, "not_found"), "%v", err)
}

// What a report was answered with stays, whatever has become of its events since.
func TestARepeatedReportIsAnsweredAsTheFirstTime(t *testing.T) {
	t.Parallel()
	s := troubledScene(t)
	report := store.Report{Account: s.Account.ID, Key: "u", Hash: []byte("h"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.RequireFromString("100000.5")}}}
	first, err := s.Store.RecordUsage(t.Context(), s.Call, report)
	require.NoError(t, err)
	rated, err := s.Store.RateUsage(t.Context(), s.Call, s.Account.ID, 10)
	require.NoError(t, err)
	require.Equal(t, 1, rated)
	again, err := s.Store.RecordUsage(t.Context(), s.Call, report)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Events[0].Status, again.Events[0].Status)
	require.Nil(t, again.Events[0].RatingID)
	require.Equal(t, "rated", s.Text("SELECT status FROM usage_events"))
}
