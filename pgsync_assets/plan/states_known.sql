-- Every state of a sync, and what it holds.
SELECT id, partition, shape
FROM :"planner".states
WHERE sync = :'sync'
ORDER BY partition;
