-- The books are append-only: every account's hash chain is unbroken, and the guards against changes are in place
-- The text that is hashed is chainText's (store/chain.go): length-prefixed fields. Rows of tables other than these and the audit log's (I-28)
-- are guarded by triggers and grants only, which cannot tell a change made while they were off.
WITH texts AS (
  SELECT t.id, t.billing_account_id, t.seq, t.previous_hash, t.hash,
         (SELECT string_agg(octet_length(f) || ':' || f || ',', '' ORDER BY n)
            FROM unnest(ARRAY['ledger-transaction/1', t.realm_id::text, t.id::text, t.operation_key, t.kind,
                   coalesce(t.billing_account_id::text, ''), coalesce(t.seq::text, ''), t.source_type, t.source_id,
                   coalesce(t.reverses_id::text, ''), t.workflow_id, t.run_id,
                   (extract(epoch FROM t.effective_at) * 1000000)::bigint::text,
                   (extract(epoch FROM t.recorded_at) * 1000000)::bigint::text,
                   coalesce(e.n, 0)::text]) WITH ORDINALITY AS fields (f, n))
         || coalesce(e.text, '') AS text
    FROM ledger_transactions t
    LEFT JOIN LATERAL (
      SELECT count(*) AS n, string_agg(one.text, '' ORDER BY e.seq) AS text
        FROM ledger_entries e
       CROSS JOIN LATERAL (
         SELECT string_agg(octet_length(f) || ':' || f || ',', '' ORDER BY n) AS text
           FROM unnest(ARRAY[e.seq::text, e.account, coalesce(e.billing_account_id::text, ''), e.asset,
                  e.amount::numeric(38, 9)::text,
                  (extract(epoch FROM e.effective_at) * 1000000)::bigint::text,
                  (extract(epoch FROM e.recorded_at) * 1000000)::bigint::text]) WITH ORDINALITY AS fields (f, n)) one
       WHERE e.transaction_id = t.id) e ON true
   WHERE t.billing_account_id IS NOT NULL
), chain AS (
  SELECT id, seq, hash, coalesce(previous_hash, '') AS previous_hash,
         sha256(coalesce(previous_hash, '') || convert_to(text, 'UTF8')) AS want,
         coalesce(lag(seq) OVER link, 0) + 1 AS want_seq, coalesce(lag(hash) OVER link, '') AS want_previous
    FROM texts
  WINDOW link AS (PARTITION BY billing_account_id ORDER BY seq)
), tips AS (
  SELECT DISTINCT ON (billing_account_id) billing_account_id, seq, hash
    FROM texts ORDER BY billing_account_id, seq DESC NULLS FIRST
), guarded (name) AS (
  VALUES ('audit_log'), ('credit_values'), ('meter_prices'), ('authorizations'), ('commits'), ('ratings'), ('allocations'),
         ('ledger_transactions'), ('ledger_entries'), ('settlements'), ('invoice_lines'), ('invoice_line_ratings'), ('provider_effects')
), triggers (tbl, name, bits) AS (
  -- Bits of tgtype: 1 per row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
  SELECT name, 'append_only', 1 + 2 + 8 + 16 FROM guarded
  UNION ALL SELECT name, 'append_only_all', 2 + 32 FROM guarded
  UNION ALL VALUES ('ledger_entries', 'balanced', 1 + 4), ('ledger_transactions', 'has_entries', 1 + 4), ('invoices', 'finalized', 1 + 2 + 16),
         ('invoice_lines', 'finalized', 1 + 2 + 4), ('plan_versions', 'published', 1 + 2 + 8 + 16),
         ('plan_version_entitlements', 'published', 1 + 2 + 4 + 8 + 16)
)
SELECT 'ledger_transactions/' || id AS key, 'its hash is not that of its contents' AS detail
  FROM chain WHERE hash IS DISTINCT FROM want
UNION ALL
SELECT 'ledger_transactions/' || id, 'does not continue the hash before it'
  FROM chain WHERE previous_hash <> want_previous
UNION ALL
SELECT 'ledger_transactions/' || id, format('is number %s of its chain, after %s', coalesce(seq::text, 'none'), want_seq - 1)
  FROM chain WHERE seq IS DISTINCT FROM want_seq
UNION ALL
SELECT 'ledger_heads/' || billing_account_id, format('the head is at %s, the chain at %s', coalesce(h.seq, 0), coalesce(t.seq, 0))
  FROM ledger_heads h FULL JOIN tips t USING (billing_account_id)
 WHERE coalesce(h.seq, 0) <> coalesce(t.seq, 0) OR coalesce(h.hash, '') <> coalesce(t.hash, '')
UNION ALL
SELECT format('%s/%s', g.tbl, g.name), 'the trigger is missing, off or not what it was'
  FROM triggers g
 WHERE NOT EXISTS (
   SELECT FROM pg_trigger t
    WHERE t.tgrelid = to_regclass(g.tbl) AND t.tgname = g.name AND t.tgenabled IN ('O', 'A') AND t.tgtype & 63 = g.bits
      AND (g.name NOT LIKE 'append_only%' OR t.tgfoid = 'refuse_change()'::regprocedure))
UNION ALL
SELECT format('%s/%s', g.name, r.role), 'the role may ' || p.privilege
  FROM guarded g
 CROSS JOIN (VALUES ('durabill_app'), ('durabill_dispatcher')) r (role)
 CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) p (privilege)
 WHERE to_regclass(g.name) IS NOT NULL
   AND (has_table_privilege(r.role, to_regclass(g.name), p.privilege)
     OR (p.privilege = 'UPDATE' AND has_any_column_privilege(r.role, to_regclass(g.name), 'UPDATE')))
