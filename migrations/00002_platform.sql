-- +goose Up
CREATE TABLE realms (
  id              uuid PRIMARY KEY,
  code            text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name            text NOT NULL,
  mode            text NOT NULL CHECK (mode IN ('live', 'test')),
  website         text NOT NULL DEFAULT '',
  brand           jsonb NOT NULL DEFAULT '{}',
  late_window_sec bigint NOT NULL DEFAULT 2937600 CHECK (late_window_sec >= 0), -- 34 days
  catalog_version bigint NOT NULL DEFAULT 1,
  version         bigint NOT NULL DEFAULT 1,
  effective_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant('realms', 'SELECT, INSERT, UPDATE', 'id');
-- Sweeps and sign-in have to find the realm before they can enter it.
GRANT SELECT (id, code) ON realms TO durabill_dispatcher;
CREATE POLICY dispatch ON realms FOR SELECT TO durabill_dispatcher USING (true);

CREATE TABLE service_keys (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  name         text NOT NULL,
  key_id       text NOT NULL UNIQUE,
  secret_hash  bytea NOT NULL,
  last4        text NOT NULL,
  scopes       jsonb NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  created_by   text NOT NULL,
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, name)
);
SELECT guard_tenant('service_keys', 'SELECT, INSERT, UPDATE');
GRANT SELECT (realm_id, key_id) ON service_keys TO durabill_dispatcher;
CREATE POLICY dispatch ON service_keys FOR SELECT TO durabill_dispatcher USING (true);

CREATE TABLE idempotency_keys (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  scope        text NOT NULL,
  key          text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 255 AND key ~ '^[\x21-\x7e]+$'),
  request_hash bytea NOT NULL,
  status       int NOT NULL,
  headers      jsonb NOT NULL DEFAULT '{}',
  body         bytea NOT NULL,
  resource_id  uuid,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (realm_id, scope, key)
);
SELECT guard_tenant('idempotency_keys', 'SELECT, INSERT, DELETE');

CREATE TABLE audit_log (
  realm_id    uuid NOT NULL REFERENCES realms (id),
  id          uuid NOT NULL,
  actor       text NOT NULL,
  action      text NOT NULL,
  object_type text NOT NULL,
  object_id   text NOT NULL,
  before      jsonb,
  after       jsonb,
  request_id  text NOT NULL DEFAULT '',
  effective_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id)
);
SELECT guard_append_only('audit_log');
CREATE INDEX audit_log_object ON audit_log (realm_id, object_id, id DESC);

CREATE TABLE operations (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  kind               text NOT NULL,
  status             text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'canceled')),
  workflow_id        text NOT NULL DEFAULT '',
  resource_type      text NOT NULL,
  resource_id        uuid NOT NULL,
  billing_account_id uuid,
  fault_code         text NOT NULL DEFAULT '',
  fault_detail       text NOT NULL DEFAULT '',
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  finished_at        timestamptz,
  PRIMARY KEY (realm_id, id)
);
SELECT guard_tenant('operations', 'SELECT, INSERT, UPDATE');
CREATE INDEX operations_open ON operations (realm_id, billing_account_id) WHERE status = 'running';

-- What has to reach Temporal. A row here and the fact it announces are written in one transaction.
CREATE TABLE outbox (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  id                 uuid NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('start', 'signal')),
  workflow_type      text NOT NULL,
  workflow_id        text NOT NULL,
  billing_account_id uuid,
  payload            jsonb NOT NULL,
  summary            text NOT NULL DEFAULT '',
  status             text NOT NULL DEFAULT '',
  attempts           int NOT NULL DEFAULT 0,
  last_error         text NOT NULL DEFAULT '',
  effective_at       timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  published_at       timestamptz,
  PRIMARY KEY (realm_id, id)
);
SELECT guard_tenant('outbox', 'SELECT, INSERT, UPDATE, DELETE');

-- Work that pollers find across realms. Ids only: nothing here is worth stealing, so another role may read all of it.
CREATE TABLE dispatch (
  realm_id           uuid NOT NULL REFERENCES realms (id),
  topic              text NOT NULL CHECK (topic IN ('outbox', 'rating', 'settlement')),
  id                 uuid NOT NULL,
  billing_account_id uuid,
  shard              int NOT NULL DEFAULT 0,
  due_at             timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts           int NOT NULL DEFAULT 0,
  PRIMARY KEY (realm_id, topic, id)
);
SELECT guard_tenant('dispatch', 'SELECT, INSERT, UPDATE, DELETE');
GRANT SELECT, UPDATE (due_at, attempts) ON dispatch TO durabill_dispatcher;
CREATE POLICY dispatch ON dispatch TO durabill_dispatcher USING (true) WITH CHECK (true);
CREATE INDEX dispatch_due ON dispatch (topic, shard, due_at);
CREATE INDEX dispatch_account ON dispatch (realm_id, billing_account_id);
GRANT USAGE ON SCHEMA public TO durabill_app, durabill_dispatcher;
