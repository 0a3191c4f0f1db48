-- How runs of a sync ended, for a log elsewhere: those that it has and cannot know the end of, the
-- newest one, and those since the last one that it knows which wrote nothing. (One that wrote there
-- has begun there.) Times are told as seconds ago, for whoever has another clock.
SELECT
    sync_run_id, partition, status,
    extract(epoch FROM clock_timestamp() - started_at)::double precision,
    extract(epoch FROM clock_timestamp() - finished_at)::double precision,
    batches,
    num_planned_add + num_planned_change + num_planned_remove,
    num_succeeded_add + num_succeeded_change,
    num_succeeded_add, num_succeeded_change, num_succeeded_remove,
    num_failed_add + num_failed_change + num_failed_remove,
    row_count, error
FROM :"audit".sync_runs
WHERE sync_id = :'sync' AND (
    sync_run_id = ANY (:'runs'::bigint[])
    OR sync_run_id IN (
        SELECT newer.sync_run_id
        FROM (
            SELECT since.sync_run_id,
                since.num_succeeded_add + since.num_succeeded_change + since.num_succeeded_remove
                    AS num_written,
                row_number() OVER (ORDER BY since.sync_run_id DESC) AS place
            FROM :"audit".sync_runs AS since
            WHERE since.sync_id = :'sync'
                AND since.partition = coalesce(nullif(:'partition'::text, ''), since.partition)
                AND since.sync_run_id > :'run'::bigint
            ORDER BY since.sync_run_id DESC
            LIMIT :'limit'::bigint
        ) AS newer
        WHERE newer.num_written = 0 OR newer.place = 1
    )
)
ORDER BY sync_run_id;
