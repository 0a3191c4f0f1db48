-- Of each sync the last run, and the last that succeeded; of a partitioned one those of each of its
-- partitions. A sync without partitions has one of them only, found by the index.
SELECT
    last.sync_run_id, asked.sync, last.partition, last.status, last.started_at, last.finished_at,
    last.error, success.finished_at
FROM unnest(:'syncs'::text[], :'limits'::bigint[]) AS asked (sync, runs)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (newest.partition) newest.*
    FROM (
        SELECT sync_run_id, partition, status, started_at, finished_at, error
        FROM :"audit".sync_runs
        WHERE sync_id = asked.sync
        ORDER BY sync_run_id DESC
        LIMIT asked.runs
    ) AS newest
    ORDER BY newest.partition, newest.sync_run_id DESC
) AS last
LEFT JOIN LATERAL (
    SELECT finished_at
    FROM :"audit".sync_runs
    WHERE sync_id = asked.sync AND partition = last.partition AND status = 'succeeded'
    ORDER BY sync_run_id DESC
    LIMIT 1
) AS success ON true
ORDER BY asked.sync, last.partition;
