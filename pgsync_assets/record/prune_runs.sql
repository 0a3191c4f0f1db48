-- Runs of which nothing else is left.
WITH gone AS (
    DELETE FROM :"audit".sync_runs
    WHERE sync_run_id = ANY (:'runs'::bigint[])
    RETURNING sync_run_id
)
SELECT count(*) FROM gone;
