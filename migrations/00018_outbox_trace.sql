-- +goose Up
-- The trace (W3C traceparent) in which a message was decided: sending it goes on in the same one.
ALTER TABLE outbox ADD COLUMN traceparent text NOT NULL DEFAULT '' CHECK (octet_length(traceparent) <= 128);
