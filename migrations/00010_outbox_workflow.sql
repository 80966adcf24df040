-- +goose Up
-- Whether a run has been sent for is asked while usage is rated.
CREATE INDEX outbox_workflow ON outbox (realm_id, workflow_id);
