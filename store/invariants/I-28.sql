-- The audit log is whole: every object's hash chain is unbroken and as long as its head says
-- That each management write leaves its one row is not to be seen from the rows; tests/tenants makes every write and counts.
WITH chain AS (
  SELECT a.id, a.object_id, a.seq, a.hash, a.previous_hash, a.previous_id,
         sha256(a.previous_hash || convert_to(audit_text(a), 'UTF8')) AS want,
         coalesce(lag(a.seq) OVER link, 0) + 1 AS want_seq, coalesce(lag(a.hash) OVER link, '') AS want_previous
    FROM audit_log a
  WINDOW link AS (PARTITION BY a.object_id ORDER BY a.seq)
), tips AS (
  SELECT DISTINCT ON (object_id) object_id, seq, id, hash FROM audit_log ORDER BY object_id, seq DESC
)
SELECT 'audit_log/' || id AS key, 'its hash is not that of its contents' AS detail
  FROM chain WHERE hash <> want
UNION ALL
SELECT 'audit_log/' || previous_id, format('is gone: row %s of %s follows it', id, object_id)
  FROM chain WHERE seq <> want_seq AND previous_id IS NOT NULL
UNION ALL
SELECT 'audit_log/' || id, format('is number %s of the chain of %s, after %s', seq, object_id, want_seq - 1)
  FROM chain WHERE seq <> want_seq AND previous_id IS NULL
UNION ALL
SELECT 'audit_log/' || id, 'does not continue the hash before it'
  FROM chain WHERE seq = want_seq AND previous_hash <> want_previous
UNION ALL
SELECT coalesce('audit_log/' || h.audit_id, 'audit_heads/' || object_id),
       format('the head of %s is at %s, the chain at %s', object_id, coalesce(h.seq, 0), coalesce(t.seq, 0))
  FROM audit_heads h FULL JOIN tips t USING (object_id)
 WHERE coalesce(h.seq, 0) <> coalesce(t.seq, 0) OR coalesce(h.hash, '') <> coalesce(t.hash, '')
UNION ALL
SELECT 'audit_log/chained', 'the trigger is missing, off or not what it was'
 WHERE NOT EXISTS (
   SELECT FROM pg_trigger t -- bits of tgtype: 1 per row, 2 before, 4 insert
    WHERE t.tgrelid = 'audit_log'::regclass AND t.tgname = 'chained' AND t.tgenabled IN ('O', 'A') AND t.tgtype & 63 = 1 + 2 + 4
      AND t.tgfoid = 'chain_audit()'::regprocedure)
UNION ALL
SELECT 'audit_heads/durabill_app', 'the role may ' || p.privilege
  FROM (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) p (privilege)
 WHERE has_table_privilege('durabill_app', 'audit_heads', p.privilege)
