package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

type options struct {
	Postgres      postgresOptions
	IP            string
	AllowRemote   bool // the frontend and the Web UI listen on every interface
	Port          int
	UIPort        int // 0: no Web UI
	Namespace     string
	Retention     time.Duration
	LogLevel      string
	ReadyFile     string
	ExitWithStdin bool

	history, matching, worker int // ports of the services that only the frontend talks to
}

type postgresOptions struct {
	Addr, User, Password string
	Database             string // visibility is kept in Database + "_visibility"
	Attributes           map[string]string
}

func (p postgresOptions) visibility() string { return p.Database + "_visibility" }

func parseOptions(args []string) (options, error) {
	o := options{}
	var rawURL string
	fs := flag.NewFlagSet("durabill-devstack", flag.ContinueOnError)
	fs.StringVar(&rawURL, "postgres-url", os.Getenv("DURABILL_DATABASE_URL"), "Postgres server, as a role that may create databases")
	fs.StringVar(&o.Postgres.Database, "database", "durabill_temporal", "database to keep state in; visibility goes to <database>_visibility")
	fs.StringVar(&o.IP, "ip", "127.0.0.1", "loopback address to listen on")
	fs.BoolVar(&o.AllowRemote, "allow-remote", false, "let other machines reach the frontend and the Web UI, which ask for no credentials; for a container's own network")
	fs.IntVar(&o.Port, "port", 7233, "frontend port (0: a free one)")
	fs.IntVar(&o.UIPort, "ui-port", 8233, "Web UI port (0: no Web UI)")
	fs.StringVar(&o.Namespace, "namespace", "default", "namespace to create")
	fs.DurationVar(&o.Retention, "retention", 72*time.Hour, "how long the namespace remembers closed workflows, when it is created")
	fs.StringVar(&o.LogLevel, "log-level", "error", "debug, info, warn or error")
	fs.StringVar(&o.ReadyFile, "ready-file", "", "file to write the ready line to as well")
	fs.BoolVar(&o.ExitWithStdin, "exit-with-stdin", false, "stop when stdin is closed")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.validate(); err != nil {
		return o, err
	}
	pg, err := parsePostgresURL(rawURL)
	if err != nil {
		return o, err
	}
	pg.Database = o.Postgres.Database
	o.Postgres = pg
	return o, o.choosePorts()
}

func (o *options) validate() error {
	ip := net.ParseIP(o.IP)
	if ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--ip %q is not a loopback address: this server has no authentication (a container says --allow-remote)", o.IP)
	}
	if o.Retention < time.Hour {
		return fmt.Errorf("--retention %s is below the server's minimum of 1h", o.Retention)
	}
	if o.Namespace == "" || o.Postgres.Database == "" {
		return errors.New("--namespace and --database must not be empty")
	}
	return nil
}

func parsePostgresURL(raw string) (postgresOptions, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Hostname() == "" {
		return postgresOptions{}, errors.New("--postgres-url must look like postgres://user@host:5432/postgres")
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	p := postgresOptions{Addr: net.JoinHostPort(u.Hostname(), port), User: u.User.Username(), Attributes: map[string]string{}}
	p.Password, _ = u.User.Password()
	for name, values := range u.Query() {
		p.Attributes[name] = values[0]
	}
	return p, nil
}

// choosePorts holds every listener open until all are chosen, so that none is given out twice.
func (o *options) choosePorts() error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	take := func(ip string, port *int) error {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(*port)))
		if err != nil {
			return fmt.Errorf("port %d is taken: %w", *port, err)
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
		return nil
	}
	open := []*int{&o.Port}
	if o.UIPort != 0 {
		open = append(open, &o.UIPort)
	}
	for _, port := range open {
		if err := take(o.openIP(), port); err != nil {
			return err
		}
	}
	for _, port := range []*int{&o.history, &o.matching, &o.worker} {
		if err := take(o.IP, port); err != nil {
			return err
		}
	}
	return nil
}

// openIP is where the frontend and the Web UI listen. The services behind them stay on loopback, and so does everything
// that this process dials itself.
func (o *options) openIP() string {
	if o.AllowRemote {
		return "0.0.0.0"
	}
	return o.IP
}

func (o *options) addr(port int) string { return net.JoinHostPort(o.IP, strconv.Itoa(port)) }

// readyLine is the contract with whoever starts this program; it also goes to the ready file, in one rename.
func (o *options) readyLine() string {
	line := "ready frontend=" + o.addr(o.Port)
	if o.UIPort != 0 {
		line += " ui=http://" + o.addr(o.UIPort)
	}
	if o.ReadyFile != "" {
		tmp := filepath.Clean(o.ReadyFile) + ".tmp"
		if err := os.WriteFile(tmp, []byte(line+"\n"), 0o600); err == nil {
			_ = os.Rename(tmp, o.ReadyFile)
		}
	}
	return line
}
