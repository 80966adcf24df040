-- Recurring lots of an assignment's rule are numbered from 0 without a gap, span its periods, and are what the rule gives
-- A period is asked for its lot once it has left open. Lots voided before they began keep the span they were meant for, and so
-- do those that were used up at the instant at which their plan began and ended.
WITH lots AS (
  SELECT l.id, l.assignment_id, l.rule, l.period_index, l.asset, l.issued, l.consumed, l.effective_at, l.expires_at, l.status,
         coalesce(lag(l.period_index) OVER (PARTITION BY l.assignment_id, l.rule ORDER BY l.period_index), -1) + 1 AS want_index,
         p.id AS period_id, p.start_at, p.end_at, a.start_at AS assignment_start, a.billing_account_id = l.billing_account_id AS own,
         g ->> 'asset' AS rule_asset, (g ->> 'amount')::numeric AS rule_amount, g ->> 'expires' AS rule_expires,
         lag(l.expires_at) OVER (PARTITION BY l.assignment_id, l.rule, l.status = 'voided' ORDER BY l.period_index) AS before_until
    FROM credit_lots l
    LEFT JOIN plan_assignments a ON a.id = l.assignment_id
    LEFT JOIN billing_periods p ON p.assignment_id = l.assignment_id AND p.period_index = l.period_index
    LEFT JOIN plan_versions v ON v.id = coalesce(p.plan_version_id, a.plan_version_id)
    LEFT JOIN LATERAL (SELECT g FROM jsonb_array_elements(CASE jsonb_typeof(v.terms -> 'grants') WHEN 'array' THEN v.terms -> 'grants' ELSE '[]' END) g
                        WHERE g ->> 'code' = l.rule) g ON true
   WHERE l.source_kind = 'plan'
)
SELECT 'credit_lots/' || id AS key, format('period_index is %s, the rule''s next is %s', coalesce(period_index::text, 'empty'), want_index) AS detail
  FROM lots WHERE period_index IS DISTINCT FROM want_index
UNION ALL
SELECT 'credit_lots/' || id, 'its assignment is missing or another account''s'
  FROM lots WHERE own IS NOT TRUE
UNION ALL
SELECT 'credit_lots/' || id, format('gives %s %s, the rule %s gives %s %s', issued, asset, rule, coalesce(rule_amount::text, 'nothing'),
         coalesce(rule_asset, ''))
  FROM lots WHERE rule_amount IS DISTINCT FROM issued OR rule_asset IS DISTINCT FROM asset
UNION ALL
SELECT 'credit_lots/' || id, format('spans [%s, %s), its period [%s, %s)', effective_at, coalesce(expires_at::text, 'never'), start_at, end_at)
  FROM lots
 WHERE status <> 'voided' AND period_id IS NOT NULL AND NOT (start_at = end_at AND consumed = issued)
   AND (effective_at <> start_at OR expires_at IS DISTINCT FROM CASE rule_expires WHEN 'period_end' THEN end_at END)
UNION ALL
SELECT 'credit_lots/' || id, format('begins at %s, the lot before it ends at %s', effective_at, before_until)
  FROM lots
 WHERE status <> 'voided' AND period_id IS NULL AND period_index > 0 AND rule_expires = 'period_end' AND effective_at <> before_until
UNION ALL
SELECT 'billing_periods/' || p.id, format('has no lot of rule %s', g ->> 'code')
  FROM billing_periods p
  JOIN plan_versions v ON v.id = p.plan_version_id
 CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(v.terms -> 'grants') WHEN 'array' THEN v.terms -> 'grants' ELSE '[]' END) g
 WHERE p.status <> 'open'
   AND NOT EXISTS (SELECT FROM credit_lots l
                    WHERE l.assignment_id = p.assignment_id AND l.rule = g ->> 'code' AND l.period_index = p.period_index)
