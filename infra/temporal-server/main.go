// The Temporal server of one machine: its four services and the web UI in one process, state in one SQLite file,
// everything on the loopback interface.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
	"go.temporal.io/server/temporal"
)

// version is set by the build: the version of go.temporal.io/server.
var version = "unknown"

// settings are the flags. A port of 0 means: any free one.
type settings struct {
	databaseFile string
	namespace    string
	retention    time.Duration
	logLevel     string
	frontendPort int
	historyPort  int
	matchingPort int
	workerPort   int
	uiPort       int
	metricsPort  int
}

func parseFlags() settings {
	var chosen settings
	flag.StringVar(&chosen.databaseFile, "db", "", "SQLite file, made at the first start (required)")
	flag.StringVar(&chosen.namespace, "namespace", "default", "Temporal namespace to register")
	flag.DurationVar(&chosen.retention, "retention", 30*24*time.Hour, "how long the namespace keeps closed workflows")
	flag.StringVar(&chosen.logLevel, "log-level", "warn", "debug, info, warn or error")
	flag.IntVar(&chosen.frontendPort, "port", 7233, "gRPC port that clients use")
	flag.IntVar(&chosen.historyPort, "history-port", 0, "gRPC port of the history service")
	flag.IntVar(&chosen.matchingPort, "matching-port", 0, "gRPC port of the matching service")
	flag.IntVar(&chosen.workerPort, "worker-port", 0, "gRPC port of the internal worker service")
	flag.IntVar(&chosen.uiPort, "ui-port", 0, "HTTP port of the web UI; 0 for none")
	flag.IntVar(&chosen.metricsPort, "metrics-port", 0, "HTTP port of /metrics for Prometheus; 0 for none")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Printf("temporal-server: v%s\n", version)
		os.Exit(0)
	}
	return chosen
}

func run(chosen settings) error {
	if chosen.databaseFile == "" {
		return fmt.Errorf("-db FILE is required")
	}
	if err := chosen.fillFreePorts(); err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Stdout: true, Level: chosen.logLevel, Format: "json"}))
	if err := prepareDatabase(chosen); err != nil {
		return err
	}
	server, err := temporal.NewServer(serverOptions(chosen, logger)...)
	if err != nil {
		return fmt.Errorf("configure the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	failed := make(chan error, 1)
	var ui *uiserver.Server
	if chosen.uiPort != 0 {
		ui = newUI(chosen)
		go func() { failed <- ui.Start() }()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case <-stop:
	case err = <-failed:
		logger.Error("The web UI ended; the server goes on without it", tag.Error(err))
		ui = nil
		<-stop
	}
	if ui != nil {
		ui.Stop()
	}
	if err := server.Stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

func main() {
	if err := run(parseFlags()); err != nil {
		fmt.Fprintf(os.Stderr, "temporal-server: %v\n", err)
		os.Exit(1)
	}
}
