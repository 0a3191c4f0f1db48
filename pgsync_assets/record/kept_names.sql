-- Each name in the audit: its last run, for how long there was none since, what that one asked to
-- keep, and whether the planner has a state of it. Names are found one by one in the index.
WITH RECURSIVE names (sync) AS (
    (SELECT sync_id FROM :"audit".sync_runs ORDER BY sync_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT sync_id FROM :"audit".sync_runs
        WHERE sync_id > names.sync
        ORDER BY sync_id
        LIMIT 1
    )
    FROM names
    WHERE names.sync IS NOT NULL
)
SELECT
    names.sync, last.sync_run_id, now() - last.finished_at, last.keep,
    EXISTS (SELECT FROM :"planner".states AS state WHERE state.sync = names.sync)
FROM names
CROSS JOIN LATERAL (
    SELECT sync_run_id, finished_at, keep
    FROM :"audit".sync_runs
    WHERE sync_id = names.sync
    ORDER BY sync_run_id DESC
    LIMIT 1
) AS last
ORDER BY names.sync;
