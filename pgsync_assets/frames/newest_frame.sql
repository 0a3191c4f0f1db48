-- The newest load of a model.
SELECT number, model, row_count, columns, loaded_at, loaded_by
FROM :"planner".frames
WHERE model = :'model'
ORDER BY number DESC
LIMIT 1;
