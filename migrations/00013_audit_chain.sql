-- +goose Up
-- The audit log is a chain for each object: a row carries the hash of the row before it, and a head says how long the chain is.
-- Writers of one object already wait for each other, so the chain makes nobody else wait. The database makes the links: jsonb
-- has one text only here, and no writer can leave a row out or choose its place.
CREATE TABLE audit_heads (
  realm_id  uuid NOT NULL REFERENCES realms (id),
  object_id text NOT NULL,
  seq       bigint NOT NULL,
  audit_id  uuid, -- of the last row
  hash      bytea NOT NULL,
  PRIMARY KEY (realm_id, object_id)
);
SELECT guard_tenant('audit_heads', 'SELECT');

ALTER TABLE audit_log
  ADD COLUMN seq           bigint,
  ADD COLUMN previous_id   uuid, -- names the row before, should it be gone
  ADD COLUMN previous_hash bytea,
  ADD COLUMN hash          bytea;

-- Everything a row says, each field with its length in bytes, so that no two rows share a text.
-- +goose StatementBegin
CREATE FUNCTION audit_text(a audit_log) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT string_agg(CASE WHEN f IS NULL THEN '-,' ELSE octet_length(f) || ':' || f || ',' END, '' ORDER BY n)
    FROM unnest(ARRAY['audit/1', a.realm_id::text, a.id::text, a.object_id, a.seq::text, a.previous_id::text, a.actor, a.action, a.object_type,
           a.before::text, a.after::text, a.request_id,
           (extract(epoch FROM a.effective_at) * 1000000)::bigint::text,
           (extract(epoch FROM a.recorded_at) * 1000000)::bigint::text]) WITH ORDINALITY AS fields (f, n)
$$;
-- +goose StatementEnd

-- The head is nobody's to write but this function's, which runs as the owner, in the realm of its caller.
-- +goose StatementBegin
CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head audit_heads;
BEGIN
  INSERT INTO audit_heads (realm_id, object_id, seq, hash) VALUES (NEW.realm_id, NEW.object_id, 0, '') ON CONFLICT DO NOTHING;
  SELECT * INTO STRICT head FROM audit_heads WHERE realm_id = NEW.realm_id AND object_id = NEW.object_id FOR UPDATE;
  NEW.seq := head.seq + 1;
  NEW.previous_id := head.audit_id;
  NEW.previous_hash := head.hash;
  NEW.hash := sha256(head.hash || convert_to(audit_text(NEW), 'UTF8'));
  UPDATE audit_heads SET seq = NEW.seq, audit_id = NEW.id, hash = NEW.hash
   WHERE realm_id = NEW.realm_id AND object_id = NEW.object_id;
  RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION chain_audit() FROM PUBLIC;
CREATE TRIGGER chained BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION chain_audit();

-- Rows that are there already get their links in the order in which they were written.
ALTER TABLE audit_log DISABLE TRIGGER append_only;
ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_heads NO FORCE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
  link audit_log;
  head audit_heads;
BEGIN
  FOR link IN SELECT * FROM audit_log ORDER BY realm_id, object_id, recorded_at, id LOOP
    IF head.realm_id IS DISTINCT FROM link.realm_id OR head.object_id IS DISTINCT FROM link.object_id THEN
      head := ROW(link.realm_id, link.object_id, 0, NULL, ''::bytea);
    END IF;
    link.seq := head.seq + 1;
    link.previous_id := head.audit_id;
    link.previous_hash := head.hash;
    link.hash := sha256(head.hash || convert_to(audit_text(link), 'UTF8'));
    UPDATE audit_log SET seq = link.seq, previous_id = link.previous_id, previous_hash = link.previous_hash, hash = link.hash
     WHERE realm_id = link.realm_id AND id = link.id;
    head.seq := link.seq;
    head.audit_id := link.id;
    head.hash := link.hash;
    INSERT INTO audit_heads VALUES (head.*)
      ON CONFLICT (realm_id, object_id) DO UPDATE SET seq = excluded.seq, audit_id = excluded.audit_id, hash = excluded.hash;
  END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE TRIGGER append_only;
ALTER TABLE audit_log
  ALTER COLUMN seq SET NOT NULL, ALTER COLUMN previous_hash SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
  ADD UNIQUE (realm_id, object_id, seq);
GRANT EXECUTE ON FUNCTION audit_text(audit_log) TO durabill_app;
