-- +goose Up
-- An assignment that ends at the very instant a period of it begins leaves a period without time: it is closed like any other.
ALTER TABLE billing_periods DROP CONSTRAINT billing_periods_check;
ALTER TABLE billing_periods ADD CONSTRAINT billing_periods_check CHECK (end_at >= start_at AND grace_until >= end_at);
