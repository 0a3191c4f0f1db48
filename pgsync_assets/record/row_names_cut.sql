-- What the log has of a sync is under other names than now: `snapshot_named` has how rows stand. Runs
-- that are open, this one among them, may have a lower number than one that was logged already.
WITH gone AS (
    DELETE FROM :"audit".snapshot_gone WHERE sync_id = :'sync'
),
named AS (
    DELETE FROM :"audit".snapshot_named WHERE sync_id = :'sync' AND NOT is_new
),
moved AS (
    UPDATE :"audit".snapshot_moved SET sync_id = NULL WHERE sync_id = :'sync'
),
logged AS (
    SELECT
        (SELECT max(sync_run_id) FROM :"audit".sync_runs WHERE sync_id = :'sync') AS newest,
        (SELECT coalesce(max(until_run), 0) FROM :"audit".snapshot_moved
            WHERE logged_as = :'sync') AS known
),
ends AS (
    SELECT run.id
    FROM :"planner".runs AS run
    JOIN :"planner".states AS state ON state.id = run.state_id
    CROSS JOIN logged
    WHERE state.sync = :'sync' AND run.status IN ('started', 'planned', 'held')
        AND run.id > logged.known AND run.id <= logged.newest
    UNION
    SELECT newest + 1 FROM logged
)
INSERT INTO :"audit".snapshot_moved (logged_as, after_run, until_run)
SELECT :'sync', part.after_run, part.id - 1
FROM (
    SELECT ends.id, coalesce(lag(ends.id) OVER (ORDER BY ends.id), logged.known) AS after_run
    FROM ends CROSS JOIN logged
) AS part
WHERE part.id - 1 > part.after_run;
