package main

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	toolssql "go.temporal.io/server/tools/sql"
)

// prepareDatabases creates both databases if they are missing and brings their schemas to this server's version.
// Each step may be repeated: a start that was killed halfway is continued by the next.
func prepareDatabases(p postgresOptions, logger log.Logger) error {
	for database, name := range map[string]string{
		p.Database:     "postgresql/v12/temporal",
		p.visibility(): "postgresql/v12/visibility",
	} {
		// DoCreateDatabase overwrites the name in the config it is given.
		if err := toolssql.DoCreateDatabase(sqlConfig(p, database), "postgres", logger); err != nil {
			return fmt.Errorf("create database %s: %w", database, err)
		}
		if err := updateSchema(p, database, name, logger); err != nil {
			return fmt.Errorf("schema of database %s: %w", database, err)
		}
	}
	return nil
}

func updateSchema(p postgresOptions, database, name string, logger log.Logger) error {
	conn, err := toolssql.NewConnection(sqlConfig(p, database), logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ReadSchemaVersion(); err != nil {
		setup := schema.NewSetupSchemaTask(conn, &schema.SetupConfig{InitialVersion: "0.0"}, logger)
		if err := setup.Run(); err != nil {
			return err
		}
	}
	update := schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{DBName: database, SchemaName: name}, logger)
	return update.Run()
}
