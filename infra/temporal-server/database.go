package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

func sqliteConfig(file string) *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      file,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal", "busy_timeout": "10000"},
	}
}

// prepareDatabase makes the file with its tables at the first start, and registers the namespace.
func prepareDatabase(s settings) error {
	if _, err := os.Stat(s.databaseFile); errors.Is(err, fs.ErrNotExist) {
		if err := createDatabase(s.databaseFile); err != nil {
			return err
		}
	} else if err != nil {
		return fmt.Errorf("look for the database file: %w", err)
	}
	namespace, err := schema.NewNamespaceConfig(clusterName, s.namespace, false, nil)
	if err != nil {
		return fmt.Errorf("describe the namespace %q: %w", s.namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(s.retention)
	if err := schema.CreateNamespaces(sqliteConfig(s.databaseFile), namespace); err != nil {
		return fmt.Errorf("register the namespace %q: %w", s.namespace, err)
	}
	return nil
}

// createDatabase writes the tables to another name first: a start that is killed half-way leaves no half-made database.
func createDatabase(file string) error {
	unfinished := file + ".new"
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(unfinished + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an unfinished database: %w", err)
		}
	}
	tables := sqliteConfig(unfinished)
	// Everything must be in the one file when it is renamed.
	tables.ConnectAttributes["journal_mode"] = "delete"
	if err := schema.SetupSchema(tables); err != nil {
		return fmt.Errorf("create the tables in %s: %w", unfinished, err)
	}
	if err := os.Rename(unfinished, file); err != nil {
		return fmt.Errorf("put the new database in place: %w", err)
	}
	return nil
}
