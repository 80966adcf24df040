-- +goose Up
-- An endpoint's id is all that a delivery names, so it leads to one realm only.
CREATE UNIQUE INDEX stripe_endpoints_id ON stripe_endpoints (id);
-- Up to which event, by the provider's own stamp, its list of events has been compared with the realm's inbox.
ALTER TABLE stripe_endpoints ADD COLUMN swept_to timestamptz;
