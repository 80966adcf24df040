-- +goose Up
-- A payload is kept whatever it holds: jsonb refuses what JSON allows (an escaped NUL, a lone surrogate, a number without bounds).
ALTER TABLE stripe_inbox ALTER COLUMN payload TYPE json USING payload::json;

-- The secret that is being replaced is accepted until its time; null when there is none.
ALTER TABLE stripe_endpoints ADD COLUMN old_secret_until timestamptz;

-- A call keeps its key over its generations; what is sent carries the generation. params are what a repeat sends again, and are
-- dropped when the call has succeeded. first_sent_at is real time, whatever clock the account lives on: the provider forgets keys
-- by its own. Calls from before this column are taken for old, so that they are looked up before anything is sent.
ALTER TABLE provider_calls
  ADD COLUMN generation    int NOT NULL DEFAULT 1 CHECK (generation > 0),
  ADD COLUMN params        json,
  ADD COLUMN first_sent_at timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z';
ALTER TABLE provider_calls ALTER COLUMN first_sent_at DROP DEFAULT;
