-- Runs that were begun and never settled: interrupted, for the sync's lock is ours. A plan that is
-- held is none of them, unless the ledger knows it: then somebody began to apply it.
SELECT id
FROM :"planner".runs
WHERE state_id = :'state'::bigint
    AND (status IN ('started', 'planned') OR (status = 'held' AND id = :'run'::bigint))
ORDER BY id;
