-- +goose Up
-- While a key is rotated two secrets open it: the new one, and the one before it until retiring_until. There is no place for
-- a third. generation counts the secrets the key has had.
ALTER TABLE service_keys
  ADD COLUMN generation     bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
  ADD COLUMN retiring_hash  bytea,
  ADD COLUMN retiring_last4 text NOT NULL DEFAULT '',
  ADD COLUMN retiring_until timestamptz,
  ADD COLUMN cidrs          jsonb NOT NULL DEFAULT '[]', -- networks that may use the key; none: all
  ADD CHECK ((retiring_hash IS NULL) = (retiring_until IS NULL)),
  ADD CHECK (retiring_hash IS DISTINCT FROM secret_hash);
