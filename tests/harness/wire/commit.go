// Package wire breaks the connections between the parts of the system: a proxy of our own for the one cut that no ordinary
// proxy can make, in the middle of a COMMIT, and toxiproxy for the rest.
//
// It understands of Postgres's protocol where a message ends and which message is a COMMIT, and refuses to learn more.
package wire

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Cut is how a COMMIT comes to grief.
type Cut int

// A COMMIT cut before it reaches Postgres has no effect; one cut afterwards has; a late one takes effect when the client
// has long given its connection up. To the client all are the same.
const (
	Before Cut = iota + 1
	After
	Late
)

// Cuts are all of them.
var Cuts = []Cut{Before, After, Late}

func (c Cut) String() string {
	return map[Cut]string{Before: "before", After: "after", Late: "late"}[c]
}

// lateBy is how long a late COMMIT is under way.
const lateBy = 150 * time.Millisecond

const (
	headerLen  = 5
	maxMessage = 64 << 20
)

var errTooLong = errors.New("wire: not a message of Postgres's protocol")

// Committer is a proxy before Postgres that cuts chosen COMMITs.
type Committer struct {
	URL string // for the client

	upstream string
	listener net.Listener
	open     sync.WaitGroup

	mu    sync.Mutex
	cut   Cut
	nth   int
	cuts  int
	conns map[net.Conn]struct{}
}

// NewCommitter listens before the database of a URL. Close ends it.
func NewCommitter(ctx context.Context, database string) (*Committer, error) {
	u, err := url.Parse(database)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Committer{upstream: u.Host, listener: l, conns: map[net.Conn]struct{}{}}
	u.Host = l.Addr().String()
	p.URL = u.String()
	p.open.Go(p.accept)
	return p, nil
}

// Close cuts everything.
func (p *Committer) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.open.Wait()
}

// Arm cuts the nth COMMIT from now, counted from 1. Nothing is armed by 0.
func (p *Committer) Arm(c Cut, nth int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.nth = c, nth
}

// Cuts says how many COMMITs have been cut.
func (p *Committer) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (p *Committer) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.open.Go(func() { p.serve(client) })
	}
}

func (p *Committer) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_ = c.Close()
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Committer) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	_ = c.Close()
}

// serve carries one connection. heard is closed when what the client hears next is to be lost.
func (p *Committer) serve(client net.Conn) {
	if !p.keep(client) {
		return
	}
	defer p.drop(client)
	server, err := net.Dial("tcp", p.upstream) //nolint:noctx // loopback; Close ends it
	if err != nil || !p.keep(server) {
		return
	}
	defer p.drop(server)
	heard := make(chan struct{})
	p.open.Go(func() {
		answers(server, client, heard)
		_ = client.Close()
		_ = server.Close()
	})
	p.requests(bufio.NewReader(client), client, server, heard)
}

// answers carries the server's words until the one that is to be lost.
func answers(server, client net.Conn, lost <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		select {
		case <-lost:
			return
		default:
		}
		if n > 0 {
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// requests carries the client's messages; the first one of a connection has no type.
func (p *Committer) requests(in *bufio.Reader, client, server net.Conn, lost chan struct{}) {
	head := headerLen - 1
	for {
		message, err := next(in, head)
		if err != nil {
			return
		}
		if head == headerLen && isCommit(message) {
			switch p.take() {
			case Before:
				return
			case After:
				close(lost)
				_, _ = server.Write(message)
				_, _ = io.Copy(io.Discard, in) // until the answer has come and the connection is closed with it
				return
			case Late:
				close(lost)
				_ = client.Close()
				time.Sleep(lateBy)
				_, _ = server.Write(message)
				time.Sleep(lateBy) // the server would not begin a message of a connection that is gone
				return
			}
		}
		head = headerLen
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

func next(in *bufio.Reader, head int) ([]byte, error) {
	header := make([]byte, head)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(header[head-4:]))
	if size < 4 || size > maxMessage {
		return nil, errTooLong
	}
	message := append(header, make([]byte, size-4)...)
	_, err := io.ReadFull(in, message[head:])
	return message, err
}

func isCommit(message []byte) bool {
	return message[0] == 'Q' && strings.EqualFold(strings.TrimRight(string(message[headerLen:]), "\x00; "), "commit")
}

func (p *Committer) take() Cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nth == 0 {
		return 0
	}
	if p.nth--; p.nth > 0 {
		return 0
	}
	p.cuts++
	return p.cut
}
