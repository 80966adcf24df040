-- Credits are conserved: what the ledger issued, used, lost and took back is what the lots say, per account and asset
-- Movements out of lots are telescoped together, so each column may differ by 1e-9 per lot that ended beside the usage.
WITH ledger AS (
  SELECT t.billing_account_id, e.asset,
         coalesce(sum(e.amount) FILTER (WHERE e.account = 'credits_issued' AND e.amount > 0), 0) AS issued,
         -coalesce(sum(e.amount) FILTER (WHERE e.account = 'credits_issued' AND e.amount < 0), 0) AS voided,
         -coalesce(sum(e.amount) FILTER (WHERE e.account = 'credits_used'), 0) AS used,
         -coalesce(sum(e.amount) FILTER (WHERE e.account = 'breakage'), 0) AS breakage
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
   WHERE e.account IN ('credits_issued', 'credits_used', 'breakage')
   GROUP BY 1, 2
), lots AS (
  SELECT l.billing_account_id, l.asset, coalesce(sum(l.issued) FILTER (WHERE l.posted), 0) AS issued,
         coalesce(sum(l.voided) FILTER (WHERE l.posted), 0) AS voided, sum(l.expired) AS breakage, sum(l.consumed) AS consumed,
         coalesce(sum(l.remaining) FILTER (WHERE l.posted), 0) AS remaining,
         coalesce(sum(l.issued - l.remaining - l.voided) FILTER (WHERE NOT l.posted), 0) AS ahead,
         0.000000001 * (1 + count(*) FILTER (WHERE l.expired > 0 OR l.voided > 0)) AS dust
    FROM credit_lots l GROUP BY 1, 2
), pending AS (
  SELECT a.billing_account_id, a.asset, sum(a.amount) AS amount
    FROM allocations a
   WHERE a.kind = 'lot' AND NOT EXISTS (SELECT FROM settlements s WHERE s.rating_id = a.rating_id)
   GROUP BY 1, 2
), books AS (
  SELECT billing_account_id, asset, coalesce(g.issued, 0) AS issued, coalesce(g.voided, 0) AS voided, coalesce(g.used, 0) AS used,
         coalesce(g.breakage, 0) AS breakage, coalesce(l.issued, 0) AS lot_issued, coalesce(l.voided, 0) AS lot_voided,
         coalesce(l.consumed, 0) - coalesce(p.amount, 0) AS lot_used, coalesce(l.breakage, 0) AS lot_breakage,
         coalesce(l.remaining, 0) + coalesce(p.amount, 0) - coalesce(l.ahead, 0) AS lot_left, coalesce(l.dust, 0) AS dust
    FROM ledger g
    FULL JOIN lots l USING (billing_account_id, asset)
    FULL JOIN pending p USING (billing_account_id, asset)
)
SELECT format('billing_accounts/%s/%s', coalesce(billing_account_id::text, 'none'), asset) AS key,
       format('issued %s = used %s + breakage %s + voided %s + left; the lots say %s = %s + %s + %s + %s', issued, used, breakage, voided,
              lot_issued, lot_used, lot_breakage, lot_voided, lot_left) AS detail
  FROM books
 WHERE issued <> lot_issued OR abs(used - lot_used) > dust OR abs(breakage - lot_breakage) > dust OR abs(voided - lot_voided) > dust
    OR abs(issued - used - breakage - voided - lot_left) > dust
