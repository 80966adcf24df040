package main

import (
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // registers the plugin by its side effect
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	sqlPlugin   = "postgres12_pgx"
	clusterName = "active"
	// historyShards is written into the databases at creation and can never change there.
	historyShards = 4
	// maxConns is per store and service: four services with two stores each stay well below 100 connections.
	maxConns = 10
)

func newServer(o options, logger log.Logger) (temporal.Server, error) {
	cfg := serverConfig(o)
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return nil, err
	}
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, logger)
	if err != nil {
		return nil, err
	}
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(o)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicConfig()),
	)
}

func serverConfig(o options) *config.Config {
	disabled := "disabled"
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: o.IP}},
		Persistence: config.Persistence{
			DefaultStore: "default", VisibilityStore: "visibility", NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				"default":    {SQL: sqlConfig(o.Postgres, o.Postgres.Database)},
				"visibility": {SQL: sqlConfig(o.Postgres, o.Postgres.visibility())},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: o.addr(o.Port)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			"frontend": service(o.openIP(), o.Port), "history": service(o.IP, o.history),
			"matching": service(o.IP, o.matching), "worker": service(o.IP, o.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: o.addr(o.Port)},
	}
}

func sqlConfig(p postgresOptions, database string) *config.SQL {
	return &config.SQL{
		PluginName: sqlPlugin, DatabaseName: database, ConnectAddr: p.Addr, ConnectProtocol: "tcp",
		User: p.User, Password: p.Password, ConnectAttributes: p.Attributes,
		MaxConns: maxConns, MaxIdleConns: maxConns, MaxConnLifetime: time.Hour,
	}
}

func service(ip string, port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
}

func staticHosts(o options) map[primitives.ServiceName]static.Hosts {
	one := func(port int) static.Hosts { return static.Hosts{All: []string{o.addr(port)}, Self: o.addr(port)} }
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: one(o.Port), primitives.HistoryService: one(o.history),
		primitives.MatchingService: one(o.matching), primitives.WorkerService: one(o.worker),
	}
}

// dynamicConfig lifts limits that protect a shared cluster and only slow a private one.
func dynamicConfig() dynamicconfig.StaticClient {
	const unbounded = 100_000
	values := dynamicconfig.StaticClient{}
	set := func(name string, value any) { values[dynamicconfig.MakeKey(name)] = value }
	for _, name := range []string{
		"frontend.rps", "frontend.namespaceRPS", "frontend.namespaceRPS.visibility", "history.rps", "matching.rps",
		"frontend.persistenceMaxQPS", "history.persistenceMaxQPS", "matching.persistenceMaxQPS", "worker.persistenceMaxQPS",
		"frontend.namespaceRPS.namespaceReplicationInducingAPIs", "frontend.namespaceBurstRatio.namespaceReplicationInducingAPIs",
	} {
		set(name, unbounded)
	}
	// One partition keeps a task queue first in, first out, and spares forwarding between partitions.
	set("matching.numTaskqueueReadPartitions", 1)
	set("matching.numTaskqueueWritePartitions", 1)
	set("history.shardIOConcurrency", 4)
	// A namespace made for one test must be usable at once, not after the default two seconds.
	set("system.namespaceCacheRefreshInterval", 250*time.Millisecond)
	return values
}
