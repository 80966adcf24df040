-- The trial balance is zero in every asset
-- How long clearing accounts may stay away from zero is not checked.
SELECT 'ledger_entries/' || asset AS key, 'all entries add up to ' || sum(amount) AS detail
  FROM ledger_entries GROUP BY asset
HAVING sum(amount) <> 0
