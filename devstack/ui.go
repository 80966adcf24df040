package main

import (
	"net"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the Web UI, or nothing for port 0. It dials the frontend at once and backs off for seconds when
// refused, so it is started when the frontend answers. It returns when the UI accepts connections.
func startUI(o options) *server.Server {
	if o.UIPort == 0 {
		return nil
	}
	ui := server.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: o.addr(o.Port), Host: o.openIP(), Port: o.UIPort, EnableUI: true,
		DefaultNamespace: o.Namespace, HideLogs: true, DisableNewsFetch: true,
		CORS: config.CORS{CookieInsecure: true}, // plain HTTP on loopback
	}))
	go func() { _ = ui.Start() }() // a port lost meanwhile ends the process with echo's own message
	for range 100 {
		if conn, err := net.DialTimeout("tcp", o.addr(o.UIPort), time.Second); err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ui
}
