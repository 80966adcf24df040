-- +goose Up
-- What is deleted is found by its age.
CREATE INDEX outbox_published ON outbox (realm_id, published_at) WHERE published_at IS NOT NULL;
CREATE INDEX outbox_runs ON outbox (realm_id, billing_account_id) WHERE workflow_type = 'BillingPeriod';
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (realm_id, expires_at);
