package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const someURL = "postgres://me:secret@db.local/postgres?sslmode=disable"

func TestOptionsNameEveryPortAndTheVisibilityDatabase(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"--postgres-url", someURL, "--port", "0", "--ui-port", "0", "--database", "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Postgres.Addr != "db.local:5432" || o.Postgres.User != "me" || o.Postgres.Password != "secret" ||
		o.Postgres.Attributes["sslmode"] != "disable" || o.Postgres.visibility() != "tmp_visibility" {
		t.Errorf("postgres: %+v", o.Postgres)
	}
	seen := map[int]bool{0: true}
	for _, port := range []int{o.Port, o.history, o.matching, o.worker} {
		if seen[port] {
			t.Errorf("port %d is missing or given twice", port)
		}
		seen[port] = true
	}
}

func TestWhatWouldOpenTheServerToOthersOrFailLaterIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--ip", "0.0.0.0"}, {"--ip", "here"}, {"--retention", "1m"}, {"--namespace", ""}, {"--postgres-url", "mysql://db"},
	} {
		if _, err := parseOptions(append([]string{"--postgres-url", someURL, "--port", "0", "--ui-port", "0"}, args...)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestTheReadyLineAlsoGoesToTheReadyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ready")
	o := options{IP: "127.0.0.1", Port: 7233, UIPort: 8233, ReadyFile: file}
	line := o.readyLine()
	if line != "ready frontend=127.0.0.1:7233 ui=http://127.0.0.1:8233" {
		t.Error(line)
	}
	if written, err := os.ReadFile(file); err != nil || strings.TrimSpace(string(written)) != line {
		t.Errorf("%q, %v", written, err)
	}
}
