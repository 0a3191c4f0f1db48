-- The run whose plan is complete but not settled, if there is one: under way, or held.
SELECT id, started_at, is_full, fingerprint, shape, batch_size, added, changed, removed, invalid,
    status = 'held' AS is_held
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status IN ('planned', 'held');
