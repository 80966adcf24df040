package devenv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// TestDatabaseURL names a Postgres server (as a superuser) that tests use instead of one of their own.
const TestDatabaseURL = "DURABILL_TEST_DATABASE_URL"

// testConnections leaves room for every test package's pools and the Temporal server's.
const testConnections = 500

// TestPostgres gives the URL of the Postgres server that all tests of this checkout share, and starts it when none
// runs. It is fast rather than durable. It stays up for the next package; StopTest ends it.
func TestPostgres(ctx context.Context) (string, error) { return testPostgres(ctx, nil) }

// TestTemporal gives the Temporal server that all tests of this checkout share, and builds and starts it when none
// runs. Its namespace is shared too: a test takes its own task queue, or its own namespace by CreateNamespace.
func TestTemporal(ctx context.Context) (Endpoint, error) { return testTemporal(ctx, nil) }

// StartTest starts both servers and shows progress; a first build inside `go test` would look like a hanging test.
func StartTest(ctx context.Context, progress io.Writer) error {
	if _, err := testPostgres(ctx, progress); err != nil {
		return err
	}
	_, err := testTemporal(ctx, progress)
	return err
}

// StopTest stops both servers and deletes their data. It is no error when none runs.
func StopTest(ctx context.Context) error {
	dir, err := CacheDir("test")
	if err != nil {
		return err
	}
	release, err := lockFile(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	defer release()
	if state, err := readState(dir); err == nil {
		if err := endProcess(ctx, state.PID, devstackProgram, temporalStopsWithin); err != nil {
			return err
		}
		_ = os.Remove(stateFile(dir))
	}
	return removeCluster(ctx, filepath.Join(dir, "postgres"))
}

func testPostgres(ctx context.Context, progress io.Writer) (string, error) {
	if given := os.Getenv(TestDatabaseURL); given != "" {
		return given, nil
	}
	dir, err := CacheDir("test")
	if err != nil {
		return "", err
	}
	release, err := lockFile(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer release()
	cfg := ClusterConfig{Dir: filepath.Join(dir, "postgres"), MaxConnections: testConnections, Progress: progress}
	c, err := StartCluster(ctx, cfg)
	if err == nil {
		return c.URL("postgres"), nil
	}
	// Without fsync a crash of the machine may have spoilt the files. Nothing in them is worth an attempt to mend.
	if removeErr := removeCluster(ctx, cfg.Dir); removeErr != nil {
		return "", errors.Join(err, removeErr)
	}
	if c, err = StartCluster(ctx, cfg); err != nil {
		return "", err
	}
	return c.URL("postgres"), nil
}

func testTemporal(ctx context.Context, progress io.Writer) (Endpoint, error) {
	postgres, err := testPostgres(ctx, progress)
	if err != nil {
		return Endpoint{}, err
	}
	binary, err := BuildDevstack(ctx, progress)
	if err != nil {
		return Endpoint{}, err
	}
	dir, err := CacheDir("test")
	if err != nil {
		return Endpoint{}, err
	}
	release, err := lockFile(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return Endpoint{}, err
	}
	defer release()
	state, err := readState(dir)
	if err == nil && state.Binary == binary && state.Postgres == postgres &&
		runsProgram(state.PID, devstackProgram) && state.Endpoint.answers(ctx) {
		return state.Endpoint, nil
	}
	if err := endProcess(ctx, state.PID, devstackProgram, temporalStopsWithin); err != nil {
		return Endpoint{}, fmt.Errorf("stop the previous test server: %w", err)
	}
	t, err := StartTemporal(ctx, TemporalConfig{
		Binary: binary, PostgresURL: postgres, Database: "durabill_test_temporal", Retention: testRetention,
		LogFile: filepath.Join(dir, "temporal.log"), detached: true,
	})
	if err != nil {
		return Endpoint{}, err
	}
	return t.Endpoint, writeState(dir, testState{PID: t.pid, Binary: binary, Postgres: postgres, Endpoint: t.Endpoint})
}

// testState is how the next test process finds the Temporal server of this one.
type testState struct {
	PID      int      `json:"pid"`
	Binary   string   `json:"binary"`
	Postgres string   `json:"postgres"`
	Endpoint Endpoint `json:"endpoint"`
}

func stateFile(dir string) string { return filepath.Join(dir, "temporal.json") }

func readState(dir string) (testState, error) {
	var s testState
	data, err := os.ReadFile(stateFile(dir))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

func writeState(dir string, s testState) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(stateFile(dir), data, 0o600)
}

// RemoveCluster stops the cluster that StartCluster made for dir, wherever it really lives, and deletes it.
func RemoveCluster(ctx context.Context, dir string) error {
	asked, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return removeCluster(ctx, asked)
}

func removeCluster(ctx context.Context, dir string) error {
	who, err := serverOwner()
	if err != nil {
		return err
	}
	place, err := who.place(dir, nil)
	if err != nil {
		return err
	}
	c := &Cluster{Dir: place, owner: who}
	if c.madeBy() != 0 {
		if c.bin, err = FindPostgres(ctx, c.madeBy()); err != nil {
			return err
		}
		stopping, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := c.Stop(stopping); err != nil {
			return err
		}
	}
	return os.RemoveAll(place)
}
