package drain_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// installation is a database and a namespace on which processes of the built binary run.
type installation struct {
	example.Client
	url      string
	metrics  []string
	env      []string
	temporal client.Client
	running  []*process
}

type process struct {
	name string
	cmd  *exec.Cmd
	log  *bytes.Buffer
	end  chan error
}

// ended waits for the end, which must be a good one.
func (p *process) ended(within time.Duration) error {
	select {
	case err := <-p.end:
		return err
	case <-time.After(within):
		return errors.New("it is running still")
	}
}

func (p *process) said() string { return p.log.String() }

var binary = sync.OnceValues(func() (string, error) {
	root, err := devenv.Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, ".cache", "drain-"+strings.ToLower(rand.Text()))
	cmd := exec.Command("go", "build", "-o", path, "./cmd/durabill")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.Remove(path)
	}
	os.Exit(code)
}

func address(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func install(t *testing.T, more ...string) *installation {
	t.Helper()
	url := harness.Database(t)
	endpoint, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	endpoint, err = endpoint.CreateNamespace(t.Context(), "drain-"+strings.ToLower(rand.Text()))
	require.NoError(t, err)
	c, err := client.Dial(client.Options{HostPort: endpoint.HostPort, Namespace: endpoint.Namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	secret := strings.Repeat("drain-secret", 4)
	st, err := store.Open(t.Context(), store.Config{URL: url})
	require.NoError(t, err)
	defer st.Close()
	seeded, err := example.Seed(t.Context(), st, example.Vyndara, example.Demo(config.Config{Secret: secret}.Derive("service-key"), api.Scopes()))
	require.NoError(t, err)
	i := &installation{url: url, temporal: c, Client: example.Client{Key: example.DemoKey.Reveal(), Realm: seeded.Realm.Code}}
	// A connection of one process is no use to its successor.
	i.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	i.env = append(append(os.Environ(), "DURABILL_DATABASE_URL="+url, "DURABILL_SECRET="+secret, "DURABILL_TEMPORAL_ADDRESS="+endpoint.HostPort,
		"DURABILL_TEMPORAL_NAMESPACE="+endpoint.Namespace, "DURABILL_LOG_LEVEL=WARN", "DURABILL_LOG_FORMAT=text"), more...)
	t.Cleanup(func() {
		for _, p := range i.running {
			_ = p.cmd.Process.Kill()
		}
	})
	return i
}

// start runs one process for each command and waits until the API is ready for traffic.
func (i *installation) start(t *testing.T, commands ...string) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	i.metrics = nil
	for _, name := range commands {
		listen, metrics := address(t), address(t)
		cmd := exec.Command(path, name)
		p := &process{name: name, cmd: cmd, log: &bytes.Buffer{}, end: make(chan error, 1)}
		cmd.Stdout, cmd.Stderr = p.log, p.log
		cmd.Env = append(append([]string{}, i.env...), "DURABILL_HTTP_ADDR="+listen, "DURABILL_HTTP_METRICS_ADDR="+metrics)
		require.NoError(t, cmd.Start())
		go func() { p.end <- cmd.Wait() }()
		i.running = append(i.running, p)
		i.metrics = append(i.metrics, "http://"+metrics)
		if name != "worker" {
			i.Base = "http://" + listen
		}
	}
	require.Eventually(t, func() bool { return i.ready(t.Context()) == http.StatusOK }, soon, pause)
}

// ready is the status of the API's /readyz, 0 without an answer.
func (i *installation) ready(ctx context.Context) int { return i.probe(ctx, i.Base) }

func (i *installation) probe(ctx context.Context, base string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return 0
	}
	res, err := i.HTTP.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// measured wants that every process shows its metrics and says that it is ready, a worker without an API too.
func (i *installation) measured(t *testing.T) {
	t.Helper()
	for _, base := range i.metrics {
		require.Eventually(t, func() bool { return i.probe(t.Context(), base) == http.StatusOK }, soon, pause)
		url := base + "/metrics"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		res, err := i.HTTP.Do(req)
		require.NoError(t, err)
		page, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		require.NoError(t, err)
		for _, name := range []string{`durabill_backlog_items{topic="settlement"}`, `durabill_backlog_age_seconds{topic="outbox"}`,
			"durabill_accounts_parked_total 0", "temporal_"} {
			require.Contains(t, string(page), name, url)
		}
	}
}

func (i *installation) text(t *testing.T, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), i.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var out string
	require.NoError(t, conn.QueryRow(t.Context(), strings.Replace(query, "count(*)", "count(*)::text", 1)).Scan(&out))
	return out
}
