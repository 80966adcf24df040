-- +goose Up
-- Roles belong to the cluster, not the database, so they may be there already.
-- +goose StatementBegin
DO $$
BEGIN
  -- Another database of the cluster may be creating them at this moment; no lock spans databases.
  BEGIN
    CREATE ROLE durabill_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END;
  BEGIN
    CREATE ROLE durabill_dispatcher NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END;
  -- The app may step into the dispatcher's role for a poll (SET LOCAL ROLE); NOINHERIT keeps its policies out of every other query.
  GRANT durabill_dispatcher TO durabill_app;
  -- An owner that is no superuser has to be a member of the role it will work as.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT durabill_app TO %I', current_user);
  END IF;
END $$;
-- +goose StatementEnd

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- NaN passes every >= check and turns sums into NaN; both domains keep it out of the books.
CREATE DOMAIN money_amt AS numeric(38, 9) CHECK (VALUE <> 'NaN'::numeric AND abs(VALUE) < 1e24);
CREATE DOMAIN exact_num AS numeric
  CHECK (VALUE NOT IN ('NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric) AND abs(VALUE) < 1e40);

-- +goose StatementBegin
CREATE FUNCTION current_realm() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.realm_id', true), '')::uuid $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- Every tenant table passes through here: forced row level security, and the app's grants.
-- +goose StatementBegin
CREATE FUNCTION guard_tenant(tbl regclass, privileges text, realm_column text DEFAULT 'realm_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tbl);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tbl);
  EXECUTE format('CREATE POLICY tenant ON %s USING (%I = current_realm()) WITH CHECK (%I = current_realm())',
                 tbl, realm_column, realm_column);
  EXECUTE format('GRANT %s ON %s TO durabill_app', privileges, tbl);
END $$;
-- +goose StatementEnd

-- Append-only tables: no grant to change, and a trigger for whoever has one.
-- +goose StatementBegin
CREATE FUNCTION guard_append_only(tbl regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM guard_tenant(tbl, 'SELECT, INSERT');
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION refuse_change()', tbl);
  EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', tbl);
END $$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION current_realm() TO durabill_app, durabill_dispatcher;

