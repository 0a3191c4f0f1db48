-- The state has moved on: a plan that was held for somebody to look at cannot be applied any more.
UPDATE :"planner".runs
SET status = 'superseded', closed_at = now(), stale_because = :'because'
WHERE state_id = :'state'::bigint AND status = 'held'
RETURNING id;
