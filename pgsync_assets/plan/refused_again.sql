-- Rows that a run was refused: once more, or for the first time. A key that occurs more than once
-- in the model is one row here; one that is NULL names no row.
INSERT INTO :"planner".refused_rows AS known
    (state_id, row_id, key, partition, operation, attempts, first_run, first_at, last_run, last_at,
    sqlstate, constraint_name, column_name, reason, is_parked)
SELECT DISTINCT ON (refused.row_id)
    run.state_id, refused.row_id, refused.key, run.partition, refused.operation, 1,
    run.id, now(), run.id, now(),
    refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason,
    :'parks'::boolean AND refused.plan_row > 0 -- the destination itself was asked
FROM :"planner".rejections AS refused
JOIN :"planner".runs AS run ON run.id = refused.run_id
WHERE refused.run_id = :'run'::bigint AND refused.reason <> :'missing'
ORDER BY refused.row_id, refused.plan_row DESC
ON CONFLICT (state_id, row_id) DO UPDATE SET
    key = excluded.key,
    partition = excluded.partition,
    operation = excluded.operation,
    attempts = known.attempts + 1,
    last_run = excluded.last_run,
    last_at = excluded.last_at,
    sqlstate = excluded.sqlstate,
    constraint_name = excluded.constraint_name,
    column_name = excluded.column_name,
    reason = excluded.reason,
    is_parked = known.is_parked OR excluded.is_parked,
    seen_run = NULL;
