-- Every ledger transaction balances per asset, has at least two entries, none of them zero, and stays with one account
-- Entries of another realm's transaction cannot be seen from here: they show as entries without a transaction.
SELECT 'ledger_transactions/' || t.id AS key, 'has no entries' AS detail
  FROM ledger_transactions t
 WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.transaction_id = t.id)
UNION ALL
SELECT 'ledger_transactions/' || e.transaction_id, format('%s: %s entries add up to %s', e.asset, count(*), sum(e.amount))
  FROM ledger_entries e
 GROUP BY e.transaction_id, e.asset
HAVING sum(e.amount) <> 0 OR count(*) < 2
UNION ALL
SELECT format('ledger_entries/%s/%s', e.transaction_id, e.seq), 'its amount is ' || e.amount
  FROM ledger_entries e
 WHERE e.amount = 0 OR e.amount = 'NaN'
UNION ALL
SELECT format('ledger_entries/%s/%s', e.transaction_id, e.seq), 'its transaction is not in this realm'
  FROM ledger_entries e
 WHERE NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.id = e.transaction_id)
UNION ALL
SELECT format('ledger_entries/%s/%s', e.transaction_id, e.seq), 'belongs to another billing account than its transaction'
  FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
 WHERE e.billing_account_id IS NOT NULL AND e.billing_account_id IS DISTINCT FROM t.billing_account_id
