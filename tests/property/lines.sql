-- Everything that can be observed of a realm, one fact a line, in the words of the model. $1 is the realm.
WITH a AS (SELECT id, principal_id AS name, status, coalesce(currency, '') AS currency FROM billing_accounts WHERE realm_id = $1),
pa AS (SELECT p.*, v.plan_id, a.name, pl.code AS plan FROM plan_assignments p JOIN a ON a.id = p.billing_account_id
         JOIN plan_versions v ON v.realm_id = p.realm_id AND v.id = p.plan_version_id JOIN plans pl ON pl.realm_id = v.realm_id AND pl.id = v.plan_id
        WHERE p.realm_id = $1),
le AS (SELECT l.*, a.name, z.key FROM leases l JOIN a ON a.id = l.billing_account_id
         JOIN authorizations z ON z.realm_id = l.realm_id AND z.lease_id = l.id WHERE l.realm_id = $1),
source AS (SELECT c.id, le.key || '/' || c.key AS name FROM commits c JOIN le ON le.id = c.lease_id WHERE c.realm_id = $1
           UNION ALL SELECT id, key FROM usage_events WHERE realm_id = $1),
lot AS (SELECT l.*, a.name, CASE l.source_kind WHEN 'plan' THEN pa.source_ref || '/' || l.rule || '/' || l.period_index ELSE l.source_ref END AS ref
          FROM credit_lots l JOIN a ON a.id = l.billing_account_id LEFT JOIN pa ON pa.id = l.assignment_id WHERE l.realm_id = $1),
price AS (SELECT id, asset || '@' || to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS name FROM meter_prices WHERE realm_id = $1),
inv AS (SELECT i.*, a.name || '/' || to_char(i.boundary_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS ref
          FROM invoices i JOIN a ON a.id = i.billing_account_id WHERE i.realm_id = $1),
facts AS (
SELECT format('account %s %s %s', name, status, currency) AS fact FROM a
UNION ALL
SELECT format('funds %s %s available=%s held=%s', a.name, f.asset, n(f.available), n(f.held)) FROM account_funds f JOIN a ON a.id = f.billing_account_id
 WHERE f.realm_id = $1 AND (f.available <> 0 OR f.held <> 0)
UNION ALL
SELECT format('assignment %s %s %s %s end=%s', name, source_ref, plan, status, i(end_at)) FROM pa WHERE NOT is_free
UNION ALL
SELECT format('phase %s %s %s %s %s', pa.name, f.kind, pa.plan, i(f.start_at), i(f.end_at)) FROM assignment_phases f JOIN pa ON pa.id = f.assignment_id
UNION ALL
SELECT format('period %s %s %s %s grace=%s %s fee=%s', pa.source_ref, p.period_index, i(p.start_at), i(p.end_at), i(p.grace_until), p.status, n(p.fee))
  FROM billing_periods p JOIN pa ON pa.id = p.assignment_id
UNION ALL
SELECT format('lot %s %s %s %s issued=%s remaining=%s consumed=%s expired=%s voided=%s from=%s until=%s posted=%s', name, ref, asset, status, n(issued),
         n(remaining), n(consumed), n(expired), n(voided), i(effective_at), i(expires_at), posted::text) FROM lot
UNION ALL
SELECT format('lease %s %s %s until=%s holds=%s bounds=%s', name, key, status, i(expires_at),
         (SELECT string_agg((h ->> 'currency') || ':' || n((h ->> 'amount')::numeric), ' ' ORDER BY h ->> 'currency') FROM jsonb_array_elements(holds) h),
         (SELECT string_agg((b ->> 'meter_code') || ':' || n((b ->> 'quantity')::numeric), ' ' ORDER BY b ->> 'meter_code')
            FROM jsonb_array_elements(bounds) b WHERE (b ->> 'quantity')::numeric <> 0)) FROM le
UNION ALL
SELECT format('ask %s %s %s', a.name, z.key, trim(z.decision || ' ' || z.reason)) FROM authorizations z JOIN a ON a.id = z.billing_account_id WHERE z.realm_id = $1
UNION ALL
SELECT format('commit %s/%s', le.key, c.key) FROM commits c JOIN le ON le.id = c.lease_id WHERE c.realm_id = $1
UNION ALL
SELECT format('event %s %s %s %s at=%s %s %s', a.name, e.key, m.code, n(e.quantity), i(e.effective_at), e.status, e.reason)
  FROM usage_events e JOIN a ON a.id = e.billing_account_id JOIN meters m ON m.realm_id = e.realm_id AND m.id = e.meter_id WHERE e.realm_id = $1
UNION ALL
SELECT format('quarantine %s %s %s %s at=%s %s', a.name, s.name, q.meter_code, n(q.quantity), i(q.effective_at), q.reason)
  FROM quarantine q JOIN a ON a.id = q.billing_account_id LEFT JOIN source s ON s.id = q.source_id WHERE q.realm_id = $1
UNION ALL
SELECT format('counter %s %s %s %s %s', a.name, m.code, p.name, i(c.period_start), n(c.quantity))
  FROM rating_counters c JOIN a ON a.id = c.billing_account_id JOIN meters m ON m.realm_id = c.realm_id AND m.id = c.meter_id
  JOIN price p ON p.id = c.price_id WHERE c.realm_id = $1 AND c.quantity <> 0
UNION ALL
SELECT format('rating %s %s %s %s of %s@%s at=%s [%s %s) before=%s amount=%s covered=%s overage=%s fiat=%s %s settled=%s', a.name, s.name, m.code, r.kind,
         n(r.quantity), p.name, i(r.effective_at), i(r.period_start), i(r.period_end), n(r.before), n(r.amount), n(r.covered), n(r.overage), n(r.overage_fiat),
         r.currency, EXISTS (SELECT FROM settlements t WHERE t.realm_id = r.realm_id AND t.rating_id = r.id)::text)
  FROM ratings r JOIN a ON a.id = r.billing_account_id JOIN meters m ON m.realm_id = r.realm_id AND m.id = r.meter_id
  JOIN price p ON p.id = r.price_id LEFT JOIN source s ON s.id = r.source_id WHERE r.realm_id = $1
UNION ALL
SELECT format('paid %s %s %s %s %s fiat=%s', s.name, m.code, x.seq, coalesce(lot.ref, x.kind), n(x.amount), n(x.fiat))
  FROM allocations x JOIN ratings r ON r.realm_id = x.realm_id AND r.id = x.rating_id JOIN meters m ON m.realm_id = r.realm_id AND m.id = r.meter_id
  LEFT JOIN source s ON s.id = r.source_id LEFT JOIN lot ON lot.id = x.lot_id WHERE x.realm_id = $1
UNION ALL
SELECT format('ledger %s %s %s %s', a.name, CASE WHEN e.billing_account_id IS NULL THEN e.account ELSE split_part(e.account, ':', 1) END, e.asset,
         n(sum(e.amount))) FROM ledger_entries e JOIN ledger_transactions t ON t.realm_id = e.realm_id AND t.id = e.transaction_id
  JOIN a ON a.id = t.billing_account_id WHERE e.realm_id = $1 GROUP BY a.name, e.billing_account_id, e.account, e.asset HAVING sum(e.amount) <> 0
UNION ALL
SELECT format('transactions %s %s %s', a.name, t.kind, count(*)) FROM ledger_transactions t JOIN a ON a.id = t.billing_account_id
 WHERE t.realm_id = $1 GROUP BY a.name, t.kind
UNION ALL
SELECT DISTINCT format('run %s %s', a.name, i((o.payload ->> 'boundary')::timestamptz)) FROM outbox o JOIN a ON a.id = o.billing_account_id
 WHERE o.realm_id = $1 AND o.kind = 'start' AND o.workflow_type = 'BillingPeriod'
UNION ALL
SELECT format('invoice %s %s %s %s by=%s total=%s credit=%s carried=%s to=%s rounding=%s final=%s number=%s attempts=%s next=%s', ref, currency, status,
         collection, collect_by, n(total), n(applied_credits), n(carried_in), coalesce((SELECT o.ref FROM inv o WHERE o.id = inv.carried_to), '-'),
         n(rounding), i(finalize_at), number, attempts, i(next_attempt_at)) FROM inv
UNION ALL
SELECT format('line %s %s %s [%s %s) quantity=%s covered=%s overage=%s exact=%s amount=%s', inv.ref, l.meter_code, l.covered_asset, i(l.period_start),
         i(l.period_end), n(l.quantity), n(l.covered), n(l.overage), n(l.exact_amount), n(l.amount))
  FROM invoice_lines l JOIN inv ON inv.id = l.invoice_id WHERE l.realm_id = $1
UNION ALL
SELECT format('payment %s %s %s %s %s attempt=%s of=%s', a.name, p.provider_ref, p.status, n(p.amount), p.currency, p.attempt, coalesce(inv.ref, '-'))
  FROM payments p JOIN a ON a.id = p.billing_account_id LEFT JOIN inv ON inv.id = p.invoice_id WHERE p.realm_id = $1
)
SELECT fact FROM facts
