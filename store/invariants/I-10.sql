-- A lot is issued = remaining + consumed + expired + voided, its draws are its allocations, and they follow the burn order
-- The order is checked as far as rows prove it: a lot that still has credit, or lost some when it expired, had credit at
-- every draw before, so a draw on a later rank, or overage, at an instant that it covered is wrong. A lot that was empty
-- meanwhile proves nothing, nor does one whose end was cut with its assignment (its end and rank were others then), nor lots
-- and ratings recorded at one instant. Lots that were frozen or pending for a while, and corrections, would need their history.
SELECT 'credit_lots/' || l.id AS key, format('issued %s, remaining %s + consumed %s + expired %s + voided %s', l.issued, l.remaining,
         l.consumed, l.expired, l.voided) AS detail
  FROM credit_lots l
 WHERE l.issued <> l.remaining + l.consumed + l.expired + l.voided OR l.remaining < 0
UNION ALL
SELECT 'credit_lots/' || l.id, format('is %s with %s left and %s consumed', l.status, l.remaining, l.consumed)
  FROM credit_lots l
 WHERE (l.status IN ('exhausted', 'expired', 'voided') AND l.remaining <> 0)
    OR (l.status IN ('scheduled', 'pending') AND l.remaining <> l.issued)
UNION ALL
SELECT 'credit_lots/' || l.id, format('consumed %s, allocated %s', l.consumed, coalesce(a.amount, 0))
  FROM credit_lots l
  LEFT JOIN (SELECT lot_id, sum(amount) AS amount FROM allocations WHERE lot_id IS NOT NULL GROUP BY 1) a ON a.lot_id = l.id
 WHERE l.consumed <> coalesce(a.amount, 0)
UNION ALL
SELECT format('allocations/%s/%s', a.rating_id, a.seq), 'its lot is missing, of another account or asset, or does not cover the usage'
  FROM allocations a
  JOIN ratings r ON r.id = a.rating_id
  LEFT JOIN credit_lots l ON l.id = a.lot_id
  LEFT JOIN plan_assignments cut ON cut.id = l.assignment_id AND cut.end_at = l.expires_at
 WHERE a.kind = 'lot'
   AND (l.id IS NULL OR (l.billing_account_id, l.asset) <> (a.billing_account_id, a.asset)
     OR r.effective_at < l.effective_at OR (r.effective_at >= l.expires_at AND cut.id IS NULL))
UNION ALL
SELECT format('allocations/%s/%s', a.rating_id, a.seq), format('lot %s ranks before it and had credit', max(l.id::text))
  FROM allocations a
  JOIN ratings r ON r.id = a.rating_id AND r.kind = 'billed'
  LEFT JOIN credit_lots drawn ON drawn.id = a.lot_id
  JOIN credit_lots l ON l.billing_account_id = a.billing_account_id AND l.asset = a.asset AND l.recorded_at < r.recorded_at
   AND l.effective_at <= r.effective_at AND (l.expires_at IS NULL OR r.effective_at < l.expires_at)
   AND ((l.status = 'active' AND l.remaining > 0) OR (l.expired > 0 AND r.recorded_at < l.expires_at))
  LEFT JOIN plan_assignments cut ON cut.id = l.assignment_id AND cut.end_at = l.expires_at
 WHERE drawn.id IS NULL
    OR (cut.id IS NULL
    AND (l.priority, coalesce(l.expires_at, 'infinity'), NOT l.promotional, l.granted_at, l.id)
      < (drawn.priority, coalesce(drawn.expires_at, 'infinity'), NOT drawn.promotional, drawn.granted_at, drawn.id))
 GROUP BY a.rating_id, a.seq
