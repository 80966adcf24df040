-- +goose Up
CREATE TABLE credit_lots (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  asset              text NOT NULL,
  source_kind        text NOT NULL CHECK (source_kind IN ('plan', 'purchase', 'grant')),
  source_ref         text NOT NULL,
  assignment_id      uuid,
  rule               text NOT NULL DEFAULT '',
  period_index       int,
  issued             money_amt NOT NULL CHECK (issued > 0),
  remaining          exact_num NOT NULL CHECK (remaining >= 0),
  consumed           exact_num NOT NULL DEFAULT 0 CHECK (consumed >= 0),
  expired            exact_num NOT NULL DEFAULT 0 CHECK (expired >= 0),
  voided             exact_num NOT NULL DEFAULT 0 CHECK (voided >= 0),
  cost               money_amt NOT NULL DEFAULT 0, -- what was paid for the whole lot, in cost_currency
  cost_currency      text NOT NULL DEFAULT '',
  priority           int NOT NULL DEFAULT 100,
  promotional        boolean NOT NULL DEFAULT false,
  status             text NOT NULL CHECK (status IN ('scheduled', 'pending', 'active', 'frozen', 'exhausted', 'expired', 'voided')),
  posted             boolean NOT NULL DEFAULT false, -- its issuance is in the ledger
  expires_at         timestamptz,
  granted_at         timestamptz NOT NULL,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, source_kind, source_ref),
  UNIQUE (realm_id, assignment_id, rule, period_index),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  CHECK (issued = remaining + consumed + expired + voided),
  CHECK (expires_at IS NULL OR expires_at > effective_at)
);
SELECT guard_tenant('credit_lots', 'SELECT, INSERT, UPDATE');
CREATE INDEX credit_lots_live ON credit_lots (realm_id, billing_account_id, asset)
  WHERE status IN ('scheduled', 'active');

CREATE TABLE leases (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  feature_id         uuid NOT NULL,
  token_hash         bytea NOT NULL,
  status             text NOT NULL CHECK (status IN ('active', 'committed', 'released', 'expired')),
  holds              jsonb NOT NULL DEFAULT '[]',  -- [{amount, currency}]: exactly what account_funds.held carries for it
  bounds             jsonb NOT NULL DEFAULT '[]',  -- [{meter_id, meter_code, quantity}]
  expires_at         timestamptz NOT NULL,
  closed_at          timestamptz,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, token_hash),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, feature_id) REFERENCES features (realm_id, id)
);
SELECT guard_tenant('leases', 'SELECT, INSERT, UPDATE');
CREATE INDEX leases_active ON leases (realm_id, expires_at) WHERE status = 'active';
CREATE INDEX leases_account ON leases (realm_id, billing_account_id, id DESC);

-- One row per answered authorize: its key, what was asked, and the answer that a repeat gets again.
CREATE TABLE authorizations (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  billing_account_id uuid NOT NULL,
  key                text NOT NULL,
  request_hash       bytea NOT NULL,
  decision           text NOT NULL CHECK (decision IN ('allow', 'deny')),
  reason             text NOT NULL DEFAULT '',
  lease_id           uuid,
  response           jsonb NOT NULL,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, billing_account_id, key)
);
SELECT guard_append_only('authorizations');

CREATE TABLE commits (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  lease_id           uuid NOT NULL,
  key                text NOT NULL,
  request_hash       bytea NOT NULL,
  response           jsonb NOT NULL,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, lease_id, key),
  FOREIGN KEY (realm_id, lease_id) REFERENCES leases (realm_id, id)
);
SELECT guard_append_only('commits');

CREATE TABLE usage_events (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  key                text NOT NULL,
  request_hash       bytea NOT NULL,
  feature_id         uuid,
  meter_id           uuid NOT NULL,
  quantity           exact_num NOT NULL CHECK (quantity >= 0),
  status             text NOT NULL CHECK (status IN ('accepted', 'rated', 'skipped', 'failed', 'quarantined')),
  reason             text NOT NULL DEFAULT '',
  rating_id          uuid,
  labels             jsonb NOT NULL DEFAULT '{}',
  effective_at       timestamptz NOT NULL, -- when it occurred
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, billing_account_id, key, meter_id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, meter_id) REFERENCES meters (realm_id, id)
);
SELECT guard_tenant('usage_events', 'SELECT, INSERT, UPDATE');
CREATE INDEX usage_events_open ON usage_events (realm_id, billing_account_id, effective_at) WHERE status = 'accepted';

-- How much of a meter an account has used at one price in one period: the `before` of the next rating.
CREATE TABLE rating_counters (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  billing_account_id uuid NOT NULL,
  meter_id           uuid NOT NULL,
  price_id           uuid NOT NULL,
  period_start       timestamptz NOT NULL,
  quantity           exact_num NOT NULL DEFAULT 0,
  PRIMARY KEY (realm_id, billing_account_id, meter_id, price_id, period_start)
);
SELECT guard_tenant('rating_counters', 'SELECT, INSERT, UPDATE');

CREATE TABLE ratings (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  assignment_id      uuid,
  phase_id           uuid,
  plan_version_id    uuid,
  period_start       timestamptz NOT NULL,
  period_end         timestamptz,
  feature_id         uuid,
  meter_id           uuid NOT NULL,
  price_id           uuid NOT NULL,
  price_source       text NOT NULL CHECK (price_source IN ('meter', 'plan', 'contract')),
  credit_value_id    uuid,
  kind               text NOT NULL CHECK (kind IN ('billed', 'waived', 'adjustment', 'reversal', 'shadow')),
  source_kind        text NOT NULL CHECK (source_kind IN ('commit', 'usage')),
  source_id          uuid NOT NULL,
  before             exact_num NOT NULL,
  quantity           exact_num NOT NULL,
  asset              text NOT NULL,
  amount             exact_num NOT NULL,
  covered            exact_num NOT NULL DEFAULT 0,
  overage            exact_num NOT NULL DEFAULT 0,
  currency           text NOT NULL DEFAULT '',
  overage_fiat       exact_num NOT NULL DEFAULT 0,
  effective_at       timestamptz NOT NULL, -- when the usage occurred
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, source_kind, source_id, meter_id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, meter_id) REFERENCES meters (realm_id, id),
  FOREIGN KEY (realm_id, price_id) REFERENCES meter_prices (realm_id, id),
  CHECK (kind = 'waived' OR amount = covered + overage)
);
SELECT guard_append_only('ratings');
CREATE INDEX ratings_account ON ratings (realm_id, billing_account_id, effective_at);

CREATE TABLE allocations (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  rating_id          uuid NOT NULL,
  seq                int NOT NULL,
  billing_account_id uuid NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('lot', 'overage')),
  lot_id             uuid,
  asset              text NOT NULL,
  amount             exact_num NOT NULL CHECK (amount > 0),
  currency           text NOT NULL DEFAULT '',
  fiat               exact_num NOT NULL DEFAULT 0, -- overage: what is owed; lot: its paid cost
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, rating_id, seq),
  FOREIGN KEY (realm_id, rating_id) REFERENCES ratings (realm_id, id),
  FOREIGN KEY (realm_id, lot_id) REFERENCES credit_lots (realm_id, id),
  CHECK ((kind = 'lot') = (lot_id IS NOT NULL))
);
SELECT guard_append_only('allocations');
CREATE INDEX allocations_lot ON allocations (realm_id, lot_id);

CREATE TABLE quarantine (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  source_kind        text NOT NULL CHECK (source_kind IN ('commit', 'usage')),
  source_id          uuid NOT NULL,
  meter_id           uuid,
  meter_code         text NOT NULL,
  quantity           exact_num NOT NULL,
  reason             text NOT NULL,
  status             text NOT NULL CHECK (status IN ('open', 'resolved')),
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, source_kind, source_id, meter_code),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('quarantine', 'SELECT, INSERT, UPDATE');
