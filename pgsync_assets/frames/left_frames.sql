-- What was loaded for models that the project does not have.
SELECT model, array_agg(number ORDER BY number), sum(row_count)::bigint, max(loaded_at)
FROM :"planner".frames
WHERE model <> ALL (:'models'::text[])
GROUP BY model
ORDER BY model;
