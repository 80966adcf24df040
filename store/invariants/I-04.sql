-- Account credit is never used beyond what had been given by then, at any instant
WITH steps AS (
  SELECT account, asset, effective_at, -sum(sum(amount)) OVER (PARTITION BY account, asset ORDER BY effective_at) AS available
    FROM ledger_entries WHERE account LIKE 'account_credit:%' GROUP BY 1, 2, 3
)
SELECT format('ledger_balances/%s/%s', account, asset) AS key, format('is %s at %s', available, effective_at) AS detail
  FROM steps WHERE available < 0
