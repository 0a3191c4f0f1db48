-- The run whose plan is complete but not settled, if there is one.
SELECT id, started_at, is_full, fingerprint, shape, batch_size, added, changed, removed, invalid
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status = 'planned';
