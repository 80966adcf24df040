-- +goose Up
CREATE TABLE pricing_models (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  code         text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name         text NOT NULL,
  is_default   boolean NOT NULL DEFAULT false,
  free_plan_id uuid, -- the null state of its accounts
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code)
);
SELECT guard_tenant('pricing_models', 'SELECT, INSERT, UPDATE');
CREATE UNIQUE INDEX pricing_models_one_default ON pricing_models (realm_id) WHERE is_default;

CREATE TABLE feature_families (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  code         text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name         text NOT NULL,
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code)
);
SELECT guard_tenant('feature_families', 'SELECT, INSERT, UPDATE');

CREATE TABLE meters (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  code         text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name         text NOT NULL,
  unit         text NOT NULL,
  aggregation  text NOT NULL CHECK (aggregation IN ('sum')),
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code)
);
SELECT guard_tenant('meters', 'SELECT, INSERT, UPDATE');

CREATE TABLE features (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  code         text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name         text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('toggle')),
  family_id    uuid,
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code),
  FOREIGN KEY (realm_id, family_id) REFERENCES feature_families (realm_id, id)
);
SELECT guard_tenant('features', 'SELECT, INSERT, UPDATE');

CREATE TABLE feature_meters (
  realm_id   uuid NOT NULL REFERENCES realms (id),
  feature_id uuid NOT NULL,
  meter_id   uuid NOT NULL,
  PRIMARY KEY (realm_id, feature_id, meter_id),
  FOREIGN KEY (realm_id, feature_id) REFERENCES features (realm_id, id),
  FOREIGN KEY (realm_id, meter_id) REFERENCES meters (realm_id, id)
);
SELECT guard_tenant('feature_meters', 'SELECT, INSERT');
CREATE INDEX feature_meters_meter ON feature_meters (realm_id, meter_id);

CREATE TABLE credit_types (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  code         text NOT NULL CHECK (code ~ '^[A-Z][A-Z0-9_]{3,30}$'), -- never three letters: those are currencies
  name         text NOT NULL,
  scale        int NOT NULL DEFAULT 9 CHECK (scale BETWEEN 0 AND 9),
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code)
);
SELECT guard_tenant('credit_types', 'SELECT, INSERT');

-- What one credit is worth from an instant on; the next row of the same currency ends it.
CREATE TABLE credit_values (
  realm_id       uuid NOT NULL REFERENCES realms (id),
  id             uuid NOT NULL,
  credit_type_id uuid NOT NULL,
  currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  value          exact_num NOT NULL CHECK (value >= 0),
  effective_at   timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, credit_type_id, currency, effective_at),
  FOREIGN KEY (realm_id, credit_type_id) REFERENCES credit_types (realm_id, id)
);
SELECT guard_append_only('credit_values');

-- Immutable: what a unit costs from an instant on. The next row of the same meter and asset ends it.
CREATE TABLE meter_prices (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  meter_id     uuid NOT NULL,
  asset        text NOT NULL,
  terms        jsonb NOT NULL,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, meter_id, asset, effective_at),
  FOREIGN KEY (realm_id, meter_id) REFERENCES meters (realm_id, id)
);
SELECT guard_append_only('meter_prices');

CREATE TABLE plans (
  realm_id         uuid NOT NULL REFERENCES realms (id),
  id               uuid NOT NULL,
  pricing_model_id uuid NOT NULL,
  code             text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_.:-]{0,62}$'),
  name             text NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('base', 'addon', 'promo')),
  rank             int NOT NULL DEFAULT 0,
  version          bigint NOT NULL DEFAULT 1,
  effective_at     timestamptz NOT NULL,
  recorded_at      timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, code),
  FOREIGN KEY (realm_id, pricing_model_id) REFERENCES pricing_models (realm_id, id)
);
SELECT guard_tenant('plans', 'SELECT, INSERT, UPDATE');
ALTER TABLE pricing_models ADD FOREIGN KEY (realm_id, free_plan_id) REFERENCES plans (realm_id, id);

CREATE TABLE plan_versions (
  realm_id     uuid NOT NULL REFERENCES realms (id),
  id           uuid NOT NULL,
  plan_id      uuid NOT NULL,
  number       int NOT NULL CHECK (number > 0),
  status       text NOT NULL CHECK (status IN ('draft', 'active', 'deprecated', 'archived')),
  terms        jsonb NOT NULL,
  published_at timestamptz,
  version      bigint NOT NULL DEFAULT 1,
  effective_at timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id),
  UNIQUE (realm_id, plan_id, number),
  FOREIGN KEY (realm_id, plan_id) REFERENCES plans (realm_id, id)
);
SELECT guard_tenant('plan_versions', 'SELECT, INSERT, UPDATE, DELETE');
CREATE UNIQUE INDEX plan_versions_one_active ON plan_versions (realm_id, plan_id) WHERE status = 'active';

CREATE TABLE plan_version_entitlements (
  realm_id        uuid NOT NULL REFERENCES realms (id),
  plan_version_id uuid NOT NULL,
  feature_id      uuid NOT NULL,
  PRIMARY KEY (realm_id, plan_version_id, feature_id),
  FOREIGN KEY (realm_id, plan_version_id) REFERENCES plan_versions (realm_id, id) ON DELETE CASCADE,
  FOREIGN KEY (realm_id, feature_id) REFERENCES features (realm_id, id)
);
SELECT guard_tenant('plan_version_entitlements', 'SELECT, INSERT, DELETE');

-- A published version is a promise: its terms and entitlements stay as they were.
-- +goose StatementBegin
CREATE FUNCTION refuse_published_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR NEW.terms IS DISTINCT FROM OLD.terms OR NEW.number <> OLD.number OR NEW.plan_id <> OLD.plan_id) THEN
    RAISE EXCEPTION 'plan version % is published and immutable', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION refuse_published_entitlements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row plan_version_entitlements := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  IF EXISTS (SELECT FROM plan_versions v WHERE v.realm_id = row.realm_id AND v.id = row.plan_version_id AND v.status <> 'draft') THEN
    RAISE EXCEPTION 'plan version % is published and immutable', row.plan_version_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN row;
END $$;
-- +goose StatementEnd
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON plan_versions FOR EACH ROW EXECUTE FUNCTION refuse_published_terms();
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON plan_version_entitlements FOR EACH ROW EXECUTE FUNCTION refuse_published_entitlements();
