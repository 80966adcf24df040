-- +goose Up
-- Where Stripe's events arrive, and the secrets they are signed with (two while one is being replaced).
CREATE TABLE stripe_endpoints (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  secrets      jsonb NOT NULL,
  livemode     boolean NOT NULL,
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id)
);
SELECT guard_tenant('stripe_endpoints', 'SELECT, INSERT, UPDATE');
GRANT SELECT (realm_id, id) ON stripe_endpoints TO durabill_dispatcher;
CREATE POLICY dispatch ON stripe_endpoints FOR SELECT TO durabill_dispatcher USING (true);

CREATE TABLE stripe_inbox (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           text NOT NULL, -- Stripe's event id
  endpoint_id  uuid NOT NULL,
  type         text NOT NULL,
  object_id    text NOT NULL DEFAULT '',
  object_type  text NOT NULL DEFAULT '',
  api_version  text NOT NULL DEFAULT '',
  payload      jsonb NOT NULL,
  status       text NOT NULL CHECK (status IN ('received', 'done', 'ignored', 'dead')),
  reason       text NOT NULL DEFAULT '',
  deliveries   int NOT NULL DEFAULT 1,
  billing_account_id uuid,
  finished_at  timestamptz,
  effective_at timestamptz NOT NULL, -- Stripe's created
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  FOREIGN KEY (realm_id, endpoint_id) REFERENCES stripe_endpoints (realm_id, id)
);
SELECT guard_tenant('stripe_inbox', 'SELECT, INSERT, UPDATE');
CREATE INDEX stripe_inbox_open ON stripe_inbox (realm_id) WHERE status = 'received';

-- Every write to the provider is written down before it is sent.
CREATE TABLE provider_calls (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  key                text NOT NULL, -- the provider's Idempotency-Key
  billing_account_id uuid NOT NULL,
  verb               text NOT NULL,
  object_ref         text NOT NULL,
  params_hash        bytea NOT NULL,
  status             text NOT NULL CHECK (status IN ('sent', 'unknown', 'succeeded', 'failed')),
  result_ref         text NOT NULL DEFAULT '',
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL, -- first sent
  PRIMARY KEY (realm_id, key),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('provider_calls', 'SELECT, INSERT, UPDATE');
CREATE INDEX provider_calls_open ON provider_calls (realm_id, billing_account_id) WHERE status IN ('sent', 'unknown');

-- One effect per provider object, whichever event or answer told us of it first.
CREATE TABLE provider_effects (
  realm_id              uuid NOT NULL REFERENCES realms (id),
  provider              text NOT NULL,
  object_id             text NOT NULL,
  effect                text NOT NULL,
  ledger_transaction_id uuid,
  effective_at          timestamptz NOT NULL,
  recorded_at           timestamptz NOT NULL,
  PRIMARY KEY (realm_id, provider, object_id, effect),
  FOREIGN KEY (realm_id, ledger_transaction_id) REFERENCES ledger_transactions (realm_id, id)
);
SELECT guard_append_only('provider_effects');

-- A credit purchase: what was asked for and at what price, so that an event's amounts are only compared, never believed.
CREATE TABLE checkout_sessions (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  asset              text NOT NULL,
  quantity           money_amt NOT NULL CHECK (quantity > 0),
  amount             money_amt NOT NULL CHECK (amount > 0),
  currency           text NOT NULL,
  status             text NOT NULL CHECK (status IN ('pending', 'open', 'complete', 'expired')),
  stripe_session     text NOT NULL DEFAULT '',
  url                text NOT NULL DEFAULT '',
  success_url        text NOT NULL,
  cancel_url         text NOT NULL DEFAULT '',
  lot_id             uuid,
  version            bigint NOT NULL DEFAULT 1,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, lot_id) REFERENCES credit_lots (realm_id, id)
);
SELECT guard_tenant('checkout_sessions', 'SELECT, INSERT, UPDATE');
CREATE UNIQUE INDEX checkout_sessions_stripe ON checkout_sessions (realm_id, stripe_session) WHERE stripe_session <> '';
