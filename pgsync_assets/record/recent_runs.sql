-- The newest runs: of one sync or of all, or one of them by its number. A sync that was renamed has
-- those of its former names up to the run after which it was.
SELECT
    sync_run_id, sync_id, partition, status, started_at, finished_at,
    num_planned_add, num_planned_change, num_planned_remove,
    num_succeeded_add, num_succeeded_change, num_succeeded_remove,
    num_failed_add + num_failed_change + num_failed_remove AS num_failed,
    destination_table, error,
    (to_jsonb(run) ->> 'pruned_at')::timestamptz -- an audit of an older version has no such column
FROM :"audit".sync_runs AS run
WHERE (:'sync'::text IS NULL OR sync_id = :'sync' OR EXISTS (
        SELECT FROM unnest(:'names'::text[], :'runs'::bigint[]) AS former (name, until_run)
        WHERE sync_id = former.name AND sync_run_id <= former.until_run
    ))
    AND (:'run'::bigint IS NULL OR sync_run_id = :'run'::bigint)
ORDER BY sync_run_id DESC
LIMIT :'limit'::bigint;
