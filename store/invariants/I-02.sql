-- Balances are the sums of their entries, holds those of active leases, and funds agree with the ledger and with the lots
-- available + held = posted - pending. Wallets carry credits as negative entries of scale 9, telescoped per account and
-- asset, so they stay within 1e-9 of the exact funds. The last comparison, funds with lots, is exact.
WITH entries AS (
  SELECT account, asset, billing_account_id, sum(amount) AS amount, count(*) AS n
    FROM ledger_entries WHERE billing_account_id IS NOT NULL GROUP BY 1, 2, 3
), held AS (
  SELECT l.billing_account_id, h ->> 'currency' AS asset, sum((h ->> 'amount')::numeric) AS amount
    FROM leases l, jsonb_array_elements(CASE jsonb_typeof(l.holds) WHEN 'array' THEN l.holds ELSE '[]' END) h
   WHERE l.status = 'active' GROUP BY 1, 2
), posted AS (
  SELECT billing_account_id, asset, -sum(amount) AS amount
    FROM ledger_entries WHERE billing_account_id IS NOT NULL AND account LIKE 'wallet:%' GROUP BY 1, 2
), pending AS (
  SELECT billing_account_id, asset, sum(amount) AS amount FROM (
    SELECT a.billing_account_id, a.asset, a.amount
      FROM allocations a
     WHERE a.kind = 'lot' AND NOT EXISTS (SELECT FROM settlements s WHERE s.rating_id = a.rating_id)
    UNION ALL
    SELECT l.billing_account_id, l.asset, -l.issued
      FROM credit_lots l
     WHERE NOT l.posted AND l.status IN ('active', 'frozen', 'exhausted', 'expired')) parts
   GROUP BY 1, 2
), lots AS (
  SELECT billing_account_id, asset, sum(remaining) AS amount
    FROM credit_lots WHERE status IN ('active', 'frozen', 'exhausted') GROUP BY 1, 2
), funds AS (
  SELECT billing_account_id, asset, coalesce(f.available, 0) + coalesce(f.held, 0) AS has, coalesce(f.held, 0) AS held,
         coalesce(h.amount, 0) AS leased, coalesce(p.amount, 0) AS posted, coalesce(q.amount, 0) AS pending,
         coalesce(l.amount, 0) AS remaining
    FROM account_funds f
    FULL JOIN held h USING (billing_account_id, asset)
    FULL JOIN posted p USING (billing_account_id, asset)
    FULL JOIN pending q USING (billing_account_id, asset)
    FULL JOIN lots l USING (billing_account_id, asset)
)
SELECT format('ledger_balances/%s/%s', account, asset) AS key,
       format('balance %s of %s entries, the ledger says %s of %s', coalesce(b.balance, 0), coalesce(b.version, 0),
              coalesce(e.amount, 0), coalesce(e.n, 0)) AS detail
  FROM ledger_balances b FULL JOIN entries e USING (account, asset, billing_account_id)
 WHERE coalesce(b.balance, 0) <> coalesce(e.amount, 0) OR coalesce(b.version, 0) <> coalesce(e.n, 0)
UNION ALL
SELECT format('ledger_entries/%s/%s', e.transaction_id, e.seq), e.account || ' names an owner and has none, or the reverse'
  FROM ledger_entries e
 WHERE (e.account ~ '^(wallet|unbilled|ar|account_credit|dispute_hold|unapplied_cash):') <> (e.billing_account_id IS NOT NULL)
UNION ALL
SELECT format('account_funds/%s/%s', billing_account_id, asset), format('held is %s, active leases hold %s', held, leased)
  FROM funds WHERE held <> leased
UNION ALL
SELECT format('account_funds/%s/%s', billing_account_id, asset),
       format('available + held is %s, posted %s - pending %s is %s', has, posted, pending, posted - pending)
  FROM funds WHERE abs(has - (posted - pending)) > 0.000000001
UNION ALL
SELECT format('account_funds/%s/%s', billing_account_id, asset), format('available + held is %s, its lots have %s left', has, remaining)
  FROM funds WHERE has <> remaining
