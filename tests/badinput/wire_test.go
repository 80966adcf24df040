package badinput

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
)

// soon is the server's own patience with a slow peer in these tests: seconds in a real one.
const soon = 300 * time.Millisecond

// unanswered is the status of a connection that was closed without a word: nobody could tell where the request ended.
const unanswered = 0

// wired is one request byte by byte. In its text {head} is what a good request to make a meter has besides its framing, {line}
// and {host} the two lines before that, and {body} a good body of {length} bytes. Of 5xx there are two, by which HTTP itself
// refuses an encoding or a version that it does not know.
type wired struct {
	name, text string
	want       []int
	makes      bool // a meter: the framing is odd and legal
	ends       bool // the peer says that nothing more comes
}

var wire = []wired{
	{name: "a good request", text: "{line}{host}{head}Content-Length: {length}\r\n\r\n{body}", want: []int{201}, makes: true},
	{name: "two lengths that differ", text: "{line}{host}{head}Content-Length: {length}\r\nContent-Length: 3\r\n\r\n{body}", want: []int{400}},
	{name: "two lengths in one", text: "{line}{host}{head}Content-Length: {length}, 3\r\n\r\n{body}", want: []int{400}},
	{name: "a length that is negative", text: "{line}{host}{head}Content-Length: -1\r\n\r\n{body}", want: []int{400}},
	{name: "a length with a sign", text: "{line}{host}{head}Content-Length: +{length}\r\n\r\n{body}", want: []int{400}},
	{name: "a length in hexadecimal", text: "{line}{host}{head}Content-Length: 0x10\r\n\r\n{body}", want: []int{400}},
	{name: "a length of many digits", text: "{line}{host}{head}Content-Length: " + strings.Repeat("9", 40) + "\r\n\r\n{body}", want: []int{400}},
	{name: "a length beyond the limit", text: "{line}{host}{head}Content-Length: 9223372036854775807\r\n\r\n{body}", want: []int{413}},
	{name: "a second request behind the chunks of the first", text: "{line}{host}{head}Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{line}{host}\r\n",
		want: []int{400}},
	{name: "chunks under another name", text: "{line}{host}{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", want: []int{501}},
	{name: "chunks twice", text: "{line}{host}{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", want: []int{400, 501}},
	{name: "a chunk whose size is no number", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n", want: []int{400}},
	{name: "a chunk of negative size", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\n-1\r\n{body}\r\n0\r\n\r\n", want: []int{400}},
	{name: "a chunk of more than the body", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\nfffff\r\n{body}", want: []int{408}},
	{name: "a chunk of a size beyond 64 bits", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("f", 17) + "\r\n{body}\r\n0\r\n\r\n", want: []int{400}},
	{name: "chunks without an end", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", want: []int{408}},
	{name: "a body shorter than its length", text: "{line}{host}{head}Content-Length: 9999\r\n\r\n{body}", want: []int{408}},
	{name: "a body that ends before its length", text: "{line}{host}{head}Content-Length: 9999\r\n\r\n{body}", want: []int{400}, ends: true},
	{name: "chunks that end in the middle", text: "{line}{host}{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"", want: []int{400}, ends: true},
	{name: "a body longer than its length", text: "{line}{host}{head}Content-Length: 5\r\n\r\n{body}", want: []int{400}},
	{name: "a header over 32 KiB", text: "{line}{host}{head}X-Big: " + strings.Repeat("x", 40<<10) + "\r\n\r\n", want: []int{431}},
	{name: "many headers", text: "{line}{host}{head}" + strings.Repeat("X-A: b\r\n", 6<<10) + "\r\n", want: []int{431}},
	{name: "headers that do not end", text: "{line}{host}{head}X-Slow: ", want: []int{unanswered, 408}},
	{name: "a line that does not end", text: "POST /mgt/v1/me", want: []int{400}},
	{name: "nothing", text: "", want: []int{unanswered}},
	{name: "a header without a colon", text: "{line}{host}{head}Nonsense\r\n\r\n", want: []int{400}},
	{name: "a header name with a space before its colon", text: "{line}{host}{head}Content-Length : {length}\r\n\r\n{body}", want: []int{400}},
	{name: "a header folded onto two lines", text: "{line}{host}{head}X-Fold: a\r\n b\r\nContent-Length: {length}\r\n\r\n{body}", want: []int{400, 201}},
	{name: "NUL in a header", text: "{line}{host}{head}X-Nul: a\x00b\r\nContent-Length: {length}\r\n\r\n{body}", want: []int{400}},
	{name: "NUL in the path", text: "GET /mgt/v1/meters\x00 HTTP/1.1\r\n{host}{head}\r\n", want: []int{400}},
	{name: "NUL in the path, encoded", text: "GET /mgt/v1/meters/%00 HTTP/1.1\r\n{host}{head}\r\n", want: []int{400, 404}},
	{name: "a bad escape in the path", text: "GET /mgt/v1/meters/%zz HTTP/1.1\r\n{host}{head}\r\n", want: []int{400}},
	{name: "a path that climbs", text: "GET /mgt/v1/../../etc/passwd HTTP/1.1\r\n{host}{head}\r\n", want: []int{301, 400, 404}},
	{name: "a target that is no path", text: "POST meters HTTP/1.1\r\n{host}{head}Content-Length: {length}\r\n\r\n{body}", want: []int{400}},
	{name: "the target *", text: "OPTIONS * HTTP/1.1\r\n{host}{head}\r\n", want: []int{200, 400, 404}},
	{name: "a target with its host", text: "GET http://elsewhere.example/mgt/v1/meters HTTP/1.1\r\n{host}{head}\r\n", want: []int{200}},
	{name: "a target for a proxy", text: "CONNECT elsewhere.example:443 HTTP/1.1\r\n{host}{head}\r\n", want: []int{400, 404, 405}},
	{name: "no Host", text: "{line}{head}Content-Length: {length}\r\n\r\n{body}", want: []int{400}},
	{name: "two Hosts", text: "{line}{host}{host}{head}Content-Length: {length}\r\n\r\n{body}", want: []int{400}},
	{name: "a Host that is none", text: "{line}Host: a b/c\r\n{head}Content-Length: {length}\r\n\r\n{body}", want: []int{400}},
	{name: "HTTP/1.0 without a Host", text: "POST /mgt/v1/meters HTTP/1.0\r\n{head}Content-Length: {length}\r\n\r\n{body}", want: []int{201}, makes: true},
	{name: "HTTP/1.0 without a length", text: "POST /mgt/v1/meters HTTP/1.0\r\n{head}\r\n{body}", want: []int{400}},
	{name: "HTTP/9.9", text: "POST /mgt/v1/meters HTTP/9.9\r\n{host}{head}\r\n", want: []int{505}},
	{name: "no version", text: "POST /mgt/v1/meters\r\n{host}{head}\r\n", want: []int{400}},
	{name: "the preface of HTTP/2", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: []int{404}},
	{name: "the beginning of TLS", text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", want: []int{400}},
	{name: "a method that is none", text: "P(ST /mgt/v1/meters HTTP/1.1\r\n{host}{head}\r\n", want: []int{400}},
	{name: "a body asked for first", text: "{line}{host}{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{body}", want: []int{201}, makes: true},
	{name: "a body asked for first that never comes", text: "{line}{host}{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n", want: []int{408}},
	{name: "an expectation that nobody meets", text: "{line}{host}{head}Expect: miracles\r\nContent-Length: {length}\r\n\r\n{body}", want: []int{417}},
	{name: "another protocol", text: "{line}{host}{head}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: {length}\r\n\r\n{body}", want: []int{201}, makes: true},
}

// TestBadFramingIsAnsweredSoonAndChangesNothing speaks to the API's own server, past every client that would not send such a thing.
func TestBadFramingIsAnsweredSoonAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := api.NewServer(l.Addr().String(), s.router)
	require.NotZero(t, srv.ReadTimeout)
	require.NotZero(t, srv.ReadHeaderTimeout)
	srv.ReadTimeout, srv.ReadHeaderTimeout = soon, soon
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
	for _, w := range wire {
		t.Run(w.name, func(t *testing.T) {
			before := s.digest()
			var status int
			for range tries { // a busy machine may not have read the body in time
				status = s.speak(t, l.Addr().String(), w)
				if slices.Contains(w.want, status) {
					break
				}
			}
			require.Contains(t, w.want, status)
			if !w.makes && status != http.StatusCreated {
				require.Empty(t, changed(before, s.digest()))
			}
		})
	}
	require.Empty(t, s.Sound())
}

// speak sends the text on a connection of its own and gives the status of the first final answer.
func (s *scene) speak(t *testing.T, addr string, w wired) int {
	t.Helper()
	body := string(encode(s.meter()))
	text := strings.NewReplacer("{line}", "POST /mgt/v1/meters HTTP/1.1\r\n", "{host}", "Host: badinput\r\n",
		"{head}", fmt.Sprintf("Authorization: Bearer %s\r\nX-Realm-Id: %s\r\nIdempotency-Key: %s\r\nContent-Type: application/json\r\n", s.key, s.realm, s.fresh("w-")),
		"{body}", body, "{length}", fmt.Sprint(len(body))).Replace(w.text)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(soon+2*patience)))
	go func() { // a server that has seen enough stops reading
		if _, err := io.WriteString(conn, text); err == nil && w.ends {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	answers := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the connection hangs")
			return unanswered
		}
		said, err := io.ReadAll(answer.Body)
		require.NoError(t, errors.Join(err, answer.Body.Close()))
		for _, secret := range append(slices.Clone(insides), s.key, string(s.secret)) {
			require.NotContains(t, string(said), secret)
		}
		if answer.StatusCode >= 200 {
			return answer.StatusCode
		}
	}
}
