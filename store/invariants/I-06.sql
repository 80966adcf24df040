-- Every billed rating is settled once, its allocations are its amount, and a settlement posts what was allocated
-- A rating whose settlement is still dispatched is pending. Entries are telescoped to scale 9, so a transaction may differ
-- from its exact allocations by at most 1e-9 per asset, and a settlement too small for an entry has no transaction.
WITH parts AS (
  SELECT rating_id, sum(amount) FILTER (WHERE kind = 'lot') AS covered, sum(amount) FILTER (WHERE kind = 'overage') AS overage,
         sum(fiat) FILTER (WHERE kind = 'overage') AS fiat, count(*) AS n
    FROM allocations GROUP BY rating_id
), allocated AS (
  SELECT s.ledger_transaction_id AS id, 'wallet' AS account, a.asset, sum(a.amount) AS amount
    FROM settlements s JOIN allocations a USING (rating_id) WHERE a.kind = 'lot' GROUP BY 1, 3
  UNION ALL
  SELECT s.ledger_transaction_id, 'unbilled', a.currency, sum(a.fiat)
    FROM settlements s JOIN allocations a USING (rating_id) WHERE a.kind = 'overage' GROUP BY 1, 3
  UNION ALL
  SELECT s.ledger_transaction_id, 'deferred_revenue', a.currency, sum(a.fiat)
    FROM settlements s JOIN allocations a USING (rating_id) WHERE a.kind = 'lot' AND a.fiat <> 0 GROUP BY 1, 3
), posted AS (
  SELECT t.id, split_part(e.account, ':', 1) AS account, e.asset, sum(e.amount) AS amount
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
   WHERE t.kind = 'usage_settled' AND split_part(e.account, ':', 1) IN ('wallet', 'unbilled', 'deferred_revenue')
   GROUP BY 1, 2, 3
)
SELECT 'ratings/' || r.id AS key, 'is billed, not settled, and nothing is going to settle it' AS detail
  FROM ratings r
 WHERE r.kind = 'billed'
   AND NOT EXISTS (SELECT FROM settlements s WHERE s.rating_id = r.id)
   AND NOT EXISTS (SELECT FROM dispatch d WHERE d.topic = 'settlement' AND d.id = r.id)
UNION ALL
SELECT 'ratings/' || r.id, format('covered %s + overage %s (%s) of %s, allocated %s + %s (%s)', r.covered, r.overage, r.overage_fiat,
         r.amount, coalesce(p.covered, 0), coalesce(p.overage, 0), coalesce(p.fiat, 0))
  FROM ratings r LEFT JOIN parts p ON p.rating_id = r.id
 WHERE r.kind = 'billed'
   AND (coalesce(p.covered, 0), coalesce(p.overage, 0), coalesce(p.fiat, 0), coalesce(p.covered, 0) + coalesce(p.overage, 0))
    <> (r.covered, r.overage, r.overage_fiat, r.amount)
UNION ALL
SELECT 'ratings/' || r.id, 'is waived and has a settlement or allocations'
  FROM ratings r
 WHERE r.kind = 'waived' AND (EXISTS (SELECT FROM settlements s WHERE s.rating_id = r.id)
                           OR EXISTS (SELECT FROM parts p WHERE p.rating_id = r.id))
UNION ALL
SELECT format('allocations/%s/%s', a.rating_id, a.seq), 'has no rating, or one of another account or asset'
  FROM allocations a LEFT JOIN ratings r ON r.id = a.rating_id
 WHERE r.id IS NULL OR (r.billing_account_id, r.asset) <> (a.billing_account_id, a.asset)
UNION ALL
SELECT 'settlements/' || s.rating_id, 'has no rating, or one of another account'
  FROM settlements s LEFT JOIN ratings r ON r.id = s.rating_id
 WHERE r.id IS NULL OR r.billing_account_id <> s.billing_account_id
UNION ALL
SELECT 'settlements/' || s.rating_id, 'its ledger transaction is missing, of another account, or not a settlement'
  FROM settlements s LEFT JOIN ledger_transactions t ON t.id = s.ledger_transaction_id
 WHERE s.ledger_transaction_id IS NOT NULL
   AND (t.id IS NULL OR t.billing_account_id IS DISTINCT FROM s.billing_account_id OR t.kind <> 'usage_settled')
UNION ALL
SELECT 'settlements/' || s.rating_id, format('posts nothing for %s', max(a.amount))
  FROM settlements s JOIN allocations a USING (rating_id)
 WHERE s.ledger_transaction_id IS NULL AND (a.fiat > 0.000000001 OR a.kind = 'lot' AND a.amount > 0.000000001)
 GROUP BY s.rating_id
UNION ALL
SELECT 'ledger_transactions/' || id, format('%s %s: posted %s, its ratings allocated %s', account, asset, coalesce(p.amount, 0),
         coalesce(a.amount, 0))
  FROM allocated a FULL JOIN posted p USING (id, account, asset)
 WHERE id IS NOT NULL AND abs(coalesce(p.amount, 0) - coalesce(a.amount, 0)) > 0.000000001
