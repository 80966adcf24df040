// Package migrations owns the schema: numbered SQL files, embedded, that only ever move forward.
//
// It refuses Go migrations and anything that reads business rules: a rule that the database enforces is written here in
// SQL, once, and again in code where the decision is made.
package migrations

import "embed"

// Files holds the numbered SQL.
//
//go:embed *.sql
var Files embed.FS
