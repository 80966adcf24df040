-- +goose Up
CREATE TABLE invoices (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  number             text,
  currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  billing_entity     text NOT NULL DEFAULT 'default',
  boundary_at        timestamptz NOT NULL,
  finalize_at        timestamptz NOT NULL, -- boundary + grace
  status             text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
  collection         text NOT NULL CHECK (collection IN ('none', 'due', 'collecting', 'unknown', 'failed', 'carried')),
  collect_by         text NOT NULL CHECK (collect_by IN ('stripe', 'manual', 'export', 'none')),
  subtotal           exact_num NOT NULL DEFAULT 0,
  tax                exact_num NOT NULL DEFAULT 0,
  total              exact_num NOT NULL DEFAULT 0,
  rounding           exact_num NOT NULL DEFAULT 0,
  stripe_invoice     text NOT NULL DEFAULT '',
  hosted_url         text NOT NULL DEFAULT '',
  attempts           int NOT NULL DEFAULT 0,
  decline_code       text NOT NULL DEFAULT '',
  finalized_at       timestamptz,
  paid_at            timestamptz,
  version            bigint NOT NULL DEFAULT 1,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, billing_account_id, boundary_at, currency, billing_entity),
  UNIQUE (realm_id, billing_entity, number),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('invoices', 'SELECT, INSERT, UPDATE');
CREATE UNIQUE INDEX invoices_stripe ON invoices (realm_id, stripe_invoice) WHERE stripe_invoice <> '';

CREATE TABLE invoice_numbers (
  realm_id       uuid NOT NULL REFERENCES realms (id),
  billing_entity text NOT NULL,
  last_number    bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (realm_id, billing_entity)
);
SELECT guard_tenant('invoice_numbers', 'SELECT, INSERT, UPDATE');

CREATE TABLE invoice_lines (
  realm_id      uuid NOT NULL REFERENCES realms (id),
  id            uuid NOT NULL,
  invoice_id    uuid NOT NULL,
  seq           int NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('fee', 'usage')),
  description   text NOT NULL,
  period_id     uuid,
  period_start  timestamptz NOT NULL,
  period_end    timestamptz NOT NULL,
  meter_id      uuid,
  meter_code    text NOT NULL DEFAULT '',
  unit          text NOT NULL DEFAULT '',
  quantity      exact_num NOT NULL,
  covered       exact_num NOT NULL DEFAULT 0,
  covered_asset text NOT NULL DEFAULT '',
  overage       exact_num NOT NULL DEFAULT 0,
  exact_amount  exact_num NOT NULL,
  amount        exact_num NOT NULL,
  effective_at  timestamptz NOT NULL,
  recorded_at   timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, invoice_id, seq),
  FOREIGN KEY (realm_id, invoice_id) REFERENCES invoices (realm_id, id),
  FOREIGN KEY (realm_id, period_id) REFERENCES billing_periods (realm_id, id)
);
SELECT guard_append_only('invoice_lines');
CREATE UNIQUE INDEX invoice_lines_one_fee ON invoice_lines (realm_id, period_id) WHERE kind = 'fee';

CREATE TABLE invoice_line_ratings (
  realm_id  uuid NOT NULL REFERENCES realms (id),
  rating_id uuid NOT NULL, -- the key: a rating is billed once
  line_id   uuid NOT NULL,
  PRIMARY KEY (realm_id, rating_id),
  FOREIGN KEY (realm_id, rating_id) REFERENCES ratings (realm_id, id),
  FOREIGN KEY (realm_id, line_id) REFERENCES invoice_lines (realm_id, id)
);
SELECT guard_append_only('invoice_line_ratings');
CREATE INDEX invoice_line_ratings_line ON invoice_line_ratings (realm_id, line_id);

-- A finalised invoice keeps its numbers; only its way to payment goes on.
-- +goose StatementBegin
CREATE FUNCTION refuse_finalized_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (NEW.total, NEW.subtotal, NEW.tax, NEW.rounding, NEW.currency, NEW.number, NEW.boundary_at, NEW.finalized_at, NEW.billing_account_id)
     IS DISTINCT FROM (OLD.total, OLD.subtotal, OLD.tax, OLD.rounding, OLD.currency, OLD.number, OLD.boundary_at, OLD.finalized_at, OLD.billing_account_id) THEN
    RAISE EXCEPTION 'invoice % is finalised', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION refuse_line_on_finalized() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM invoices i WHERE i.realm_id = NEW.realm_id AND i.id = NEW.invoice_id AND i.status <> 'draft') THEN
    RAISE EXCEPTION 'invoice % is finalised', NEW.invoice_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER finalized BEFORE UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_finalized_change();
CREATE TRIGGER finalized BEFORE INSERT ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_line_on_finalized();

CREATE TABLE payments (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  invoice_id         uuid,
  provider           text NOT NULL,
  provider_ref       text NOT NULL,
  status             text NOT NULL CHECK (status IN ('pending', 'unknown', 'succeeded', 'failed')),
  amount             money_amt NOT NULL CHECK (amount > 0),
  currency           text NOT NULL,
  attempt            int NOT NULL DEFAULT 1,
  decline_code       text NOT NULL DEFAULT '',
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, provider, provider_ref),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, invoice_id) REFERENCES invoices (realm_id, id)
);
SELECT guard_tenant('payments', 'SELECT, INSERT, UPDATE');
CREATE INDEX payments_invoice ON payments (realm_id, invoice_id);
