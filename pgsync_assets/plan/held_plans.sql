-- The plans that wait for somebody, the oldest first.
SELECT runs.id, states.sync, runs.partition, runs.planned_at, runs.reason, runs.approved_at
FROM :"planner".runs AS runs
JOIN :"planner".states AS states ON states.id = runs.state_id
WHERE runs.status = 'held'
ORDER BY runs.id;
