-- Whether the whole model has to be compared again, by the planner's own clock.
SELECT full_at IS NULL OR now() - full_at >= :'every'::interval
FROM :"planner".states
WHERE id = :'state'::bigint;
