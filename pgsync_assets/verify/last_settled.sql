-- The last run that came to its end, of the whole model or of each partition of it that has no state
-- of its own: rows that it rejected are the ones that wait for the next one.
SELECT max(id)
FROM :"planner".runs
WHERE state_id = :'state'::bigint AND status = 'settled'
    AND (:'partition' = '' OR partition = :'partition')
GROUP BY partition;
