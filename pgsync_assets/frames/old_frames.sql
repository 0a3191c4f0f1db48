-- Loads of a model, the newest first, but those that are kept.
SELECT number
FROM :"planner".frames
WHERE model = :'model'
ORDER BY number DESC
OFFSET :'kept'::bigint;
