package store

import (
	"context"
	"log/slog"

	"gorm.io/gorm/logger"
)

// Statements are logged without their values, which are customers' data. GORM has two ways to a log line: its logger's own
// setting, and a recorder for Scan that only this variable of its package reaches.
func init() { //nolint:gochecknoinits // a package variable of a library, set before any use
	logger.RecorderParamsFilter = func(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }
}

func statementLogger(log *slog.Logger) logger.Interface {
	return logger.NewSlogLogger(log, logger.Config{LogLevel: logger.Error, IgnoreRecordNotFoundError: true, ParameterizedQueries: true})
}
