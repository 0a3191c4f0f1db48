-- A plan by its number, whatever became of it.
SELECT
    states.sync, runs.status, runs.planned_at, runs.approved_at, runs.approved_by,
    runs.stale_because,
    runs.id, runs.started_at, runs.partition, runs.is_full, runs.fingerprint, runs.shape,
    runs.batch_size, runs.added, runs.changed, runs.removed, runs.invalid, runs.base_run,
    runs.cursor, runs.is_whole, runs.reason, runs.content, runs.batch_ends,
    runs.left_over, runs.is_streamed
FROM :"planner".runs AS runs
JOIN :"planner".states AS states ON states.id = runs.state_id
WHERE runs.id = :'run'::bigint;
