-- Runs of a sync (or one partition of it) whose numbers do not add up. What CHECK constraints hold
-- is asked again: a table may have been restored without them. The log is asked for the last runs
-- only, and only where it still has rows of them: level and retention decide what it keeps.
SELECT run.sync_run_id, n.operation
FROM :"audit".sync_runs AS run
CROSS JOIN LATERAL (VALUES
    ('added', run.num_planned_add, run.num_attempted_add, run.num_succeeded_add,
        run.num_failed_add),
    ('changed', run.num_planned_change, run.num_attempted_change, run.num_succeeded_change,
        run.num_failed_change),
    ('removed', run.num_planned_remove, run.num_attempted_remove, run.num_succeeded_remove,
        run.num_failed_remove)
) AS n (operation, planned, attempted, succeeded, failed)
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'failed') AS failed,
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'aborted') AS aborted,
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'succeeded') AS succeeded
    FROM :"audit".sync_changelog AS log
    WHERE log.sync_run_id = run.sync_run_id
    HAVING count(*) > 0
) AS logged ON run.sync_run_id = ANY (:'runs'::bigint[])
WHERE run.sync_id = :'sync' AND (:'partition' = '' OR run.partition = :'partition')
    AND (
        n.attempted > n.planned
        OR n.attempted <> n.succeeded + n.failed
        OR (run.status = 'succeeded' AND n.planned <> n.attempted)
        OR logged.failed <> n.failed
        OR logged.aborted <> n.planned - n.attempted
        OR logged.succeeded NOT IN (0, n.succeeded) -- none: the level keeps failures only
    )
ORDER BY run.sync_run_id, n.operation;
