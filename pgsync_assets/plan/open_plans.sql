-- Plans of a sync that are not settled: under way or interrupted (planned), or held.
SELECT run.id, run.status, run.partition, run.shape
FROM :"planner".runs AS run
JOIN :"planner".states AS state ON state.id = run.state_id
WHERE state.sync = :'sync' AND run.status IN ('planned', 'held') AND run.shape IS NOT NULL
ORDER BY run.id;
