-- Nothing is known any more of how the rows of a sync stand; what happened to them stays.
WITH failures AS (
    DELETE FROM :"audit".snapshot_failures WHERE sync_id = :'sync'
),
names AS (
    DELETE FROM :"audit".row_names WHERE sync_id = :'sync'
),
named AS (
    DELETE FROM :"audit".snapshot_named WHERE sync_id = :'sync'
),
gone AS (
    DELETE FROM :"audit".snapshot_gone WHERE sync_id = :'sync'
),
moved AS (
    UPDATE :"audit".snapshot_moved SET sync_id = NULL WHERE sync_id = :'sync'
)
INSERT INTO :"audit".snapshot_moved (logged_as, after_run, until_run)
SELECT :'sync', coalesce(known.until_run, 0), run.newest
FROM (SELECT max(sync_run_id) AS newest FROM :"audit".sync_runs WHERE sync_id = :'sync') AS run
CROSS JOIN (
    SELECT max(until_run) AS until_run FROM :"audit".snapshot_moved WHERE logged_as = :'sync'
) AS known
WHERE run.newest > coalesce(known.until_run, 0);
