-- +goose Up
ALTER TABLE billing_accounts ADD COLUMN parked_from text NOT NULL DEFAULT '' CHECK (parked_from IN ('', 'active', 'suspended'));
UPDATE billing_accounts SET parked_from = 'active' WHERE status = 'parked';
ALTER TABLE billing_accounts ADD CHECK ((status = 'parked') = (parked_from <> ''));

-- Bounds of the realm's own; what is absent here has the default in the code.
ALTER TABLE realms ADD COLUMN safety_bounds jsonb NOT NULL DEFAULT '{}';

-- A decision that was not made because it went beyond a bound, and who let it pass.
CREATE TABLE safety_breaches (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  bound              text NOT NULL CHECK (bound IN ('invoice_lines', 'invoice_total', 'grant_total')),
  subject            text NOT NULL, -- the decision: a billing run and its currency, or a lot's key
  value              exact_num NOT NULL,
  bound_limit        exact_num NOT NULL,
  accepted_by        text NOT NULL DEFAULT '',
  accepted_at        timestamptz,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, subject, bound, value),
  CHECK ((accepted_at IS NULL) = (accepted_by = '')),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('safety_breaches', 'SELECT, INSERT, UPDATE');
CREATE INDEX safety_breaches_account ON safety_breaches (realm_id, billing_account_id);
