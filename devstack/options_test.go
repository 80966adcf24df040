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

func TestOthersReachTheFrontendAndTheWebUIOnlyWhenAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		open string
	}{{nil, "127.0.0.1"}, {[]string{"--allow-remote"}, "0.0.0.0"}} {
		o, err := parseOptions(append([]string{"--postgres-url", someURL, "--port", "0", "--ui-port", "0"}, c.args...))
		if err != nil {
			t.Fatal(err)
		}
		services := serverConfig(o).Services
		if ip := services["frontend"].RPC.BindOnIP; ip != c.open || o.openIP() != c.open {
			t.Errorf("%v: frontend listens on %s, Web UI on %s", c.args, ip, o.openIP())
		}
		for _, inner := range []string{"history", "matching", "worker"} {
			if ip := services[inner].RPC.BindOnIP; ip != "127.0.0.1" {
				t.Errorf("%v: %s listens on %s", c.args, inner, ip)
			}
		}
		if dialled := serverConfig(o).PublicClient.HostPort; dialled != o.addr(o.Port) {
			t.Errorf("%v: the server dials itself at %s", c.args, dialled)
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
