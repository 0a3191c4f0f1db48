-- The states of a sync: one, or one for each partition, and whether they know of rows.
SELECT partition, shape IS NOT NULL AND row_count > 0
FROM :"planner".states
WHERE sync = :'sync'
ORDER BY partition;
