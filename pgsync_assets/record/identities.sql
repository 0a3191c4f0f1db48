-- Runs of a sync (or of one partition of it, or of all syncs) whose numbers do not add up. What
-- CHECK constraints hold is asked again: a table may have been restored without them. The log is
-- asked for the runs that are named (NULL: all), where retention has taken nothing out of it, and
-- has to have what their level promised. One that has nothing of a run is passed over, unless it is
-- said that everything is there. (In an audit of an older version, which no run has migrated, the
-- names of new columns mean those of `missing`.)
SELECT run.sync_id, run.sync_run_id, n.operation, n.planned, n.attempted, n.succeeded, n.failed,
    logged.succeeded, logged.failed, logged.aborted
FROM (SELECT NULL::text AS audit_level, NULL::timestamptz AS pruned_at) AS missing
CROSS JOIN LATERAL (
    SELECT every.*, audit_level AS level, pruned_at AS cut_at
    FROM :"audit".sync_runs AS every
    WHERE (:'sync'::text IS NULL OR every.sync_id = :'sync')
        AND (:'partition' = '' OR every.partition = :'partition')
) AS run
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
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'failed') AS failed,
        count(*) FILTER (WHERE log.op_type = n.operation AND log.status = 'aborted') AS aborted
    FROM :"audit".sync_changelog AS log
    WHERE log.sync_run_id = run.sync_run_id
    HAVING count(*) > 0 OR :'is_whole'::boolean
) AS logged ON run.cut_at IS NULL
    AND (:'runs'::bigint[] IS NULL OR run.sync_run_id = ANY (:'runs'::bigint[]))
WHERE n.attempted > n.planned
    OR n.attempted <> n.succeeded + n.failed
    OR (run.status = 'succeeded' AND n.planned <> n.attempted)
    OR CASE run.level
        WHEN 'off' THEN logged.succeeded + logged.failed + logged.aborted > 0
        WHEN 'failures_only' THEN logged.succeeded > 0
        ELSE logged.succeeded <> n.succeeded
            -- an older version did not say its level: failures only
            AND (run.level IS NOT NULL OR logged.succeeded <> 0)
    END
    OR (run.level IS DISTINCT FROM 'off' AND (
        logged.failed <> n.failed
        -- without a batch nothing was tried, and no row of its plan is in the log
        OR logged.aborted <> CASE WHEN run.batches > 0 THEN n.planned - n.attempted ELSE 0 END
    ))
ORDER BY run.sync_run_id, n.operation;
