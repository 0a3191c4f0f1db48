-- Runs that were begun and never settled: interrupted, for the sync's lock is ours.
SELECT id
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status IN ('started', 'planned')
ORDER BY id;
