-- A provider event is received or finished, and none waits longer than 15 minutes
-- The inbox lives in real time, whatever clock its account is on; a dead event that is replayed waits from then on. That an
-- event is there once is its primary key.
SELECT 'stripe_inbox/' || e.id AS key, format('is %s with finished_at %s', e.status, coalesce(e.finished_at::text, 'empty')) AS detail
  FROM stripe_inbox e
 WHERE (e.status = 'received') <> (e.finished_at IS NULL)
UNION ALL
SELECT 'stripe_inbox/' || e.id, 'has been waiting since ' || e.recorded_at
  FROM stripe_inbox e
 WHERE e.status = 'received' AND e.recorded_at < clock_timestamp() - interval '15 minutes'
   AND NOT EXISTS (SELECT FROM outbox o WHERE o.workflow_type = 'StripeEvent' AND right(o.workflow_id, length(e.id) + 1) = '/' || e.id
                      AND o.recorded_at >= clock_timestamp() - interval '15 minutes')
