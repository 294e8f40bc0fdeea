package main

import (
	"fmt"
	"net"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
	storeName   = "sqlite"
)

// fillFreePorts gives the internal services the ports that the flags left open.
func (s *settings) fillFreePorts() error {
	for _, port := range []*int{&s.frontendPort, &s.historyPort, &s.matchingPort, &s.workerPort} {
		if *port != 0 {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return fmt.Errorf("find a free port on %s: %w", loopback, err)
		}
		// The listeners stay open until all ports are chosen, so that no port is chosen twice.
		defer listener.Close()
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return nil
}

func address(port int) string { return fmt.Sprintf("%s:%d", loopback, port) }

func (s settings) servicePorts() map[primitives.ServiceName]int {
	return map[primitives.ServiceName]int{
		primitives.FrontendService: s.frontendPort,
		primitives.HistoryService:  s.historyPort,
		primitives.MatchingService: s.matchingPort,
		primitives.WorkerService:   s.workerPort,
	}
}

func serverConfig(s settings) *config.Config {
	services := map[string]config.Service{}
	for name, port := range s.servicePorts() {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: sqliteConfig(s.databaseFile)}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address(s.frontendPort)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: address(s.frontendPort)},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
	}
	conf.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}
	if s.metricsPort != 0 {
		conf.Global.Metrics = &metrics.Config{Prometheus: &metrics.PrometheusConfig{
			ListenAddress: address(s.metricsPort),
			HandlerPath:   "/metrics",
		}}
	}
	return conf
}

func serverOptions(s settings, logger log.Logger) []temporal.ServerOption {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, port := range s.servicePorts() {
		hosts[name] = static.SingleLocalHost(address(port))
	}
	return []temporal.ServerOption{
		temporal.WithConfig(serverConfig(s)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		// Loopback only, one user: whoever reaches the port may use it.
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithDynamicConfigClient(dynamicconfig.StaticClient{
			// Status pages list runs often; the default allows 10 such queries a second.
			dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		}),
	}
}

func newUI(s settings) *uiserver.Server {
	return uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                loopback,
		Port:                s.uiPort,
		TemporalGRPCAddress: address(s.frontendPort),
		DefaultNamespace:    s.namespace,
		EnableUI:            true,
		HideLogs:            true,
		DisableNewsFetch:    true,
		// The page is served over plain HTTP on the loopback interface.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
}
