package wire

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Link is a TCP connection's way through toxiproxy, sound until something is done to it.
type Link struct {
	proxy *toxiproxy.Proxy
}

// NewLink listens before an upstream, host and port. Close ends it.
func NewLink(upstream string) (*Link, error) {
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), log)
	l := &Link{proxy: toxiproxy.NewProxy(server, "link", "127.0.0.1:0", upstream)}
	return l, l.proxy.Start()
}

// Addr is where the link begins.
func (l *Link) Addr() string { return l.proxy.Listen }

// Through gives a URL that leads through the link.
func (l *Link) Through(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	u.Host = l.Addr()
	return u.String(), nil
}

// Toxic is something that toxiproxy does to a link, in its own words.
type Toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream,omitempty"`
	Toxicity   float32        `json:"toxicity"` // the part of all connections that meet it
	Attributes map[string]int `json:"attributes"`
}

// Poison does it, to new connections and to those that are open.
func (l *Link) Poison(t Toxic) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = l.proxy.Toxics.AddToxicJson(strings.NewReader(string(raw)))
	return err
}

// Heal undoes everything.
func (l *Link) Heal(ctx context.Context) { l.proxy.Toxics.ResetToxics(ctx) }

// Close cuts what is open and listens no more.
func (l *Link) Close() { l.proxy.Stop() }
