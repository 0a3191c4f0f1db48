-- The last run that came to its end: rows that it rejected are the ones that wait for the next one.
SELECT id
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status = 'settled'
ORDER BY id DESC
LIMIT 1;
