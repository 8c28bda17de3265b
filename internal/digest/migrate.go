package digest

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the schema of our tables and of River's up to date. A schema
// that this program does not know yet is an error: an older program would not
// understand what a newer one wrote.
func migrate(ctx context.Context, db *sql.DB, driver riverdriver.Driver[*sql.Tx]) error {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	ours, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	have, known, err := ours.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if have > known {
		return newerSchema(have, known)
	}
	if _, err := ours.Up(ctx); err != nil {
		return fmt.Errorf("migrating the schema: %w", err)
	}
	return migrateRiver(ctx, db, driver)
}

const sqlQueueVersion = `SELECT COALESCE(MAX(version), 0) FROM river_migration WHERE line = 'main'`

func migrateRiver(ctx context.Context, db *sql.DB, driver riverdriver.Driver[*sql.Tx]) error {
	theirs, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("reading the queue's migrations: %w", err)
	}
	all := theirs.AllVersions()
	known := int64(all[len(all)-1].Version)
	var have int64
	// A new store has no such table: that is version 0.
	if err := db.QueryRowContext(ctx, sqlQueueVersion).Scan(&have); err == nil && have > known {
		return newerSchema(have, known)
	}
	if have == known {
		return nil
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrating the queue: %w", err)
	}
	return nil
}

func newerSchema(have, known int64) error {
	return fmt.Errorf("its schema has version %d, and this program knows none after %d: run the newer briefbot that wrote it, or put a backup in its place", have, known)
}
