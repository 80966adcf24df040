-- +goose Up
CREATE TABLE test_clocks (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  name         text NOT NULL,
  now_at       timestamptz NOT NULL,
  target_at    timestamptz NOT NULL,
  status       text NOT NULL CHECK (status IN ('ready', 'advancing', 'blocked', 'deleted')),
  blocked_on   jsonb NOT NULL DEFAULT '[]',
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, name),
  CHECK (target_at >= now_at)
);
SELECT guard_tenant('test_clocks', 'SELECT, INSERT, UPDATE');

-- Also the row that every money transaction of the account locks first.
CREATE TABLE billing_accounts (
  realm_id         uuid NOT NULL REFERENCES realms (id),
  id               uuid NOT NULL,
  principal_id     text NOT NULL CHECK (octet_length(principal_id) BETWEEN 1 AND 255),
  name             text NOT NULL,
  email            text NOT NULL DEFAULT '',
  pricing_model_id uuid NOT NULL,
  timezone         text NOT NULL,
  currency         text CHECK (currency ~ '^[A-Z]{3}$'), -- fixed by the first priced assignment
  status           text NOT NULL CHECK (status IN ('active', 'suspended', 'parked', 'closed')),
  billing_mode     text NOT NULL DEFAULT 'saas' CHECK (billing_mode IN ('saas', 'self_hosted', 'unlimited')),
  test_clock_id    uuid,
  terms_version    bigint NOT NULL DEFAULT 1,
  stripe_customer  text NOT NULL DEFAULT '',
  parked_reason    text NOT NULL DEFAULT '',
  version          bigint NOT NULL DEFAULT 1,
  effective_at     timestamptz NOT NULL,
  recorded_at      timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, principal_id),
  FOREIGN KEY (realm_id, pricing_model_id) REFERENCES pricing_models (realm_id, id),
  FOREIGN KEY (realm_id, test_clock_id) REFERENCES test_clocks (realm_id, id)
);
SELECT guard_tenant('billing_accounts', 'SELECT, INSERT, UPDATE');
CREATE INDEX billing_accounts_clock ON billing_accounts (realm_id, test_clock_id) WHERE test_clock_id IS NOT NULL;

-- What decides authorize and commit: available + held = posted - pending.
CREATE TABLE account_funds (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  billing_account_id uuid NOT NULL,
  asset              text NOT NULL,
  available          exact_num NOT NULL DEFAULT 0,
  held               exact_num NOT NULL DEFAULT 0 CHECK (held >= 0),
  version            bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (realm_id, billing_account_id, asset),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('account_funds', 'SELECT, INSERT, UPDATE');

CREATE TABLE plan_assignments (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('base', 'addon', 'promo')),
  is_free            boolean NOT NULL DEFAULT false, -- the pricing model's null state: a row, never a workflow
  plan_version_id    uuid NOT NULL,
  source_kind        text NOT NULL,
  source_ref         text NOT NULL,
  status             text NOT NULL CHECK (status IN ('pending', 'scheduled', 'trialing', 'active', 'paused', 'ended', 'canceled')),
  anchor_at          timestamptz NOT NULL,
  timezone           text NOT NULL,
  start_at           timestamptz NOT NULL,
  end_at             timestamptz, -- set when it is to end, or has ended
  cancel_mode        text NOT NULL DEFAULT '' CHECK (cancel_mode IN ('', 'now', 'period_end')),
  version            bigint NOT NULL DEFAULT 1,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, source_kind, source_ref),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, plan_version_id) REFERENCES plan_versions (realm_id, id),
  CHECK (end_at IS NULL OR end_at >= start_at)
);
SELECT guard_tenant('plan_assignments', 'SELECT, INSERT, UPDATE');
CREATE INDEX plan_assignments_account ON plan_assignments (realm_id, billing_account_id);

-- Which plan version applied when. Base phases of one account never overlap.
CREATE TABLE assignment_phases (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  assignment_id      uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('base', 'addon', 'promo')),
  plan_version_id    uuid NOT NULL,
  quantity           exact_num NOT NULL DEFAULT 1,
  start_at           timestamptz NOT NULL,
  end_at             timestamptz,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  FOREIGN KEY (realm_id, assignment_id) REFERENCES plan_assignments (realm_id, id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, plan_version_id) REFERENCES plan_versions (realm_id, id),
  CHECK (end_at IS NULL OR end_at > start_at),
  CONSTRAINT base_phases_do_not_overlap EXCLUDE USING gist
    (realm_id WITH =, billing_account_id WITH =, tstzrange(start_at, end_at) WITH &&) WHERE (kind = 'base')
);
SELECT guard_tenant('assignment_phases', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX assignment_phases_account ON assignment_phases (realm_id, billing_account_id, start_at);
CREATE INDEX assignment_phases_assignment ON assignment_phases (realm_id, assignment_id);

-- A workflow of an account on a clock has one row here from the moment it is decided to start until it ends.
CREATE TABLE waits (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  workflow_id        text NOT NULL,
  clock_id           uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  due_at             timestamptz,
  status             text NOT NULL CHECK (status IN ('waiting', 'released', 'running')),
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, workflow_id),
  FOREIGN KEY (realm_id, clock_id) REFERENCES test_clocks (realm_id, id),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id)
);
SELECT guard_tenant('waits', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX waits_clock ON waits (realm_id, clock_id, due_at);

CREATE TABLE billing_periods (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  billing_account_id uuid NOT NULL,
  assignment_id      uuid NOT NULL,
  plan_version_id    uuid NOT NULL,
  period_index       int NOT NULL CHECK (period_index >= 0),
  start_at           timestamptz NOT NULL,
  end_at             timestamptz NOT NULL,
  grace_until        timestamptz NOT NULL,
  status             text NOT NULL CHECK (status IN ('open', 'grace', 'frozen', 'closed')),
  fee                exact_num NOT NULL DEFAULT 0, -- advance fee billed for it, recognised when it closes
  fee_currency       text NOT NULL DEFAULT '',
  closed_at          timestamptz,
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, assignment_id, period_index),
  FOREIGN KEY (realm_id, billing_account_id) REFERENCES billing_accounts (realm_id, id),
  FOREIGN KEY (realm_id, assignment_id) REFERENCES plan_assignments (realm_id, id),
  FOREIGN KEY (realm_id, plan_version_id) REFERENCES plan_versions (realm_id, id),
  CHECK (end_at > start_at AND grace_until >= end_at),
  CONSTRAINT periods_do_not_overlap EXCLUDE USING gist
    (realm_id WITH =, assignment_id WITH =, tstzrange(start_at, end_at) WITH &&)
);
SELECT guard_tenant('billing_periods', 'SELECT, INSERT, UPDATE');
CREATE INDEX billing_periods_account_end ON billing_periods (realm_id, billing_account_id, end_at);
