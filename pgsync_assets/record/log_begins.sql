-- The first run of a sync of which the log has rows: what is older is not kept, or was not logged.
SELECT run.sync_run_id, run.started_at
FROM :"audit".sync_runs AS run
WHERE run.sync_id = ANY (:'names'::text[])
    AND EXISTS (
        SELECT FROM :"audit".sync_changelog AS log WHERE log.sync_run_id = run.sync_run_id
    )
ORDER BY run.sync_run_id
LIMIT 1;
