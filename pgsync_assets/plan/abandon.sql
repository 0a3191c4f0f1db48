-- Runs that were interrupted before their plan was complete: nothing of theirs was written.
UPDATE :"planner".runs SET status = 'failed', closed_at = now()
WHERE state_id = :'state'::bigint AND status = 'started'
RETURNING id, started_at, partition;
