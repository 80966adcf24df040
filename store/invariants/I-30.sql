-- What an account owes in the ledger is what its open invoices still ask for
WITH owed AS (
  SELECT billing_account_id, asset AS currency, sum(amount) AS amount FROM ledger_entries
   WHERE billing_account_id IS NOT NULL AND account LIKE 'ar:%' GROUP BY 1, 2
), asked AS (
  SELECT billing_account_id, currency, sum(total - applied_credits) AS amount FROM invoices WHERE status = 'open' GROUP BY 1, 2
)
SELECT format('billing_accounts/%s/%s', billing_account_id, currency) AS key,
       format('owes %s, its open invoices ask for %s', coalesce(o.amount, 0), coalesce(a.amount, 0)) AS detail
  FROM owed o FULL JOIN asked a USING (billing_account_id, currency) WHERE coalesce(o.amount, 0) <> coalesce(a.amount, 0)
