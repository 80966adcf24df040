-- +goose Up
CREATE TABLE ledger_transactions (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  operation_key      text NOT NULL,
  kind               text NOT NULL,
  billing_account_id uuid,
  seq                bigint, -- position in the account's hash chain
  previous_hash      bytea,
  hash               bytea,
  source_type        text NOT NULL,
  source_id          text NOT NULL,
  reverses_id        uuid,
  workflow_id        text NOT NULL DEFAULT '',
  run_id             text NOT NULL DEFAULT '',
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, operation_key),
  UNIQUE (realm_id, billing_account_id, seq),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, reverses_id) REFERENCES ledger_transactions (realm_id, id)
);
SELECT guard_append_only('ledger_transactions');

CREATE TABLE ledger_entries (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  transaction_id     uuid NOT NULL,
  seq                int NOT NULL,
  account            text NOT NULL,
  billing_account_id uuid, -- null for the realm's house accounts
  asset              text NOT NULL,
  amount             money_amt NOT NULL CHECK (amount <> 0), -- debit positive
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, transaction_id, seq),
  FOREIGN KEY (realm_id, transaction_id) REFERENCES ledger_transactions (realm_id, id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_append_only('ledger_entries');
CREATE INDEX ledger_entries_account ON ledger_entries (realm_id, account, asset, effective_at);

-- +goose StatementBegin
CREATE FUNCTION check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad text;
BEGIN
  SELECT asset INTO bad FROM ledger_entries
   WHERE realm_id = NEW.realm_id AND transaction_id = NEW.transaction_id
   GROUP BY asset HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance in %', NEW.transaction_id, bad USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION check_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_entries WHERE realm_id = NEW.realm_id AND transaction_id = NEW.id) THEN
    RAISE EXCEPTION 'ledger transaction % has no entries', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_balanced();
CREATE CONSTRAINT TRIGGER has_entries AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_has_entries();

-- A projection of the entries of accounts that belong to one billing account.
CREATE TABLE ledger_balances (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  account            text NOT NULL,
  asset              text NOT NULL,
  billing_account_id uuid NOT NULL,
  balance            money_amt NOT NULL DEFAULT 0,
  version            bigint NOT NULL DEFAULT 0, -- number of entries
  PRIMARY KEY (realm_id, account, asset),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('ledger_balances', 'SELECT, INSERT, UPDATE');

-- The tip of each account's hash chain, and the exact sums behind entries of scale 9, so that no rounding is lost.
CREATE TABLE ledger_heads (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  billing_account_id uuid NOT NULL,
  seq                bigint NOT NULL DEFAULT 0,
  hash               bytea NOT NULL DEFAULT '\x',
  PRIMARY KEY (realm_id, billing_account_id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('ledger_heads', 'SELECT, INSERT, UPDATE');
CREATE TABLE ledger_exact_sums (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  billing_account_id uuid NOT NULL,
  bucket             text NOT NULL CHECK (bucket IN ('wallet', 'cost', 'unbilled', 'billed')),
  asset              text NOT NULL,
  exact              exact_num NOT NULL DEFAULT 0,
  PRIMARY KEY (realm_id, billing_account_id, bucket, asset),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('ledger_exact_sums', 'SELECT, INSERT, UPDATE');

CREATE TABLE settlements (
  realm_id              uuid NOT NULL REFERENCES realms (id),
  rating_id             uuid NOT NULL,
  ledger_transaction_id uuid, -- null: an amount of zero, or below the ledger's scale and carried to the next
  billing_account_id    uuid NOT NULL,
  effective_at          timestamptz NOT NULL,
  recorded_at           timestamptz NOT NULL,
  PRIMARY KEY (realm_id, rating_id),
  FOREIGN KEY (realm_id, rating_id) REFERENCES ratings (realm_id, id),
  FOREIGN KEY (realm_id, ledger_transaction_id) REFERENCES ledger_transactions (realm_id, id)
);
SELECT guard_append_only('settlements');
CREATE INDEX settlements_transaction ON settlements (realm_id, ledger_transaction_id);
