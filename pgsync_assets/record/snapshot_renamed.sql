-- How the rows of a sync stand is known under another name from here on.
WITH failures AS (
    UPDATE :"audit".snapshot_failures SET sync_id = :'name' WHERE sync_id = :'sync'
),
names AS (
    UPDATE :"audit".row_names SET sync_id = :'name' WHERE sync_id = :'sync'
),
named AS (
    UPDATE :"audit".snapshot_named SET sync_id = :'name' WHERE sync_id = :'sync'
),
gone AS (
    UPDATE :"audit".snapshot_gone SET sync_id = :'name' WHERE sync_id = :'sync'
),
moved AS (
    UPDATE :"audit".snapshot_moved SET sync_id = :'name' WHERE sync_id = :'sync'
)
INSERT INTO :"audit".snapshot_moved (logged_as, after_run, until_run, sync_id)
SELECT :'sync', coalesce(known.until_run, 0), run.newest, :'name'
FROM (SELECT max(sync_run_id) AS newest FROM :"audit".sync_runs WHERE sync_id = :'sync') AS run
CROSS JOIN (
    SELECT max(until_run) AS until_run FROM :"audit".snapshot_moved WHERE logged_as = :'sync'
) AS known
WHERE run.newest > coalesce(known.until_run, 0);
