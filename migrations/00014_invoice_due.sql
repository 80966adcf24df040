-- +goose Up
-- What is left to pay of an invoice: total - applied_credits + carried_in. An invoice too small for the provider is carried:
-- carried_to names the invoice that collects it, whose carried_in is the sum of what it collects so.
ALTER TABLE invoices
  ADD COLUMN applied_credits exact_num NOT NULL DEFAULT 0,
  ADD COLUMN carried_in      exact_num NOT NULL DEFAULT 0 CHECK (carried_in >= 0),
  ADD COLUMN carried_to      uuid,
  ADD COLUMN next_attempt_at timestamptz, -- of a declined invoice that will be tried again
  ADD CHECK (applied_credits BETWEEN 0 AND total),
  ADD CHECK (carried_to <> id),
  ADD FOREIGN KEY (realm_id, carried_to) REFERENCES invoices (realm_id, id);
CREATE INDEX invoices_carried ON invoices (realm_id, billing_account_id) WHERE collection = 'carried';
CREATE INDEX invoices_carried_to ON invoices (realm_id, carried_to) WHERE carried_to IS NOT NULL;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_finalized_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (NEW.total, NEW.subtotal, NEW.tax, NEW.rounding, NEW.currency, NEW.number, NEW.boundary_at, NEW.finalized_at,
       NEW.billing_account_id, NEW.applied_credits, NEW.carried_in)
     IS DISTINCT FROM (OLD.total, OLD.subtotal, OLD.tax, OLD.rounding, OLD.currency, OLD.number, OLD.boundary_at, OLD.finalized_at,
       OLD.billing_account_id, OLD.applied_credits, OLD.carried_in) THEN
    RAISE EXCEPTION 'invoice % is finalised', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.carried_to IS NOT NULL AND NEW.carried_to IS DISTINCT FROM OLD.carried_to THEN
    RAISE EXCEPTION 'invoice % is collected with another', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
