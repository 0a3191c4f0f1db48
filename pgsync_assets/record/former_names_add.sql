-- The history of a sync belongs to another name from here on, with what it had from earlier ones.
WITH earlier AS (
    DELETE FROM :"audit".former_names
    WHERE sync_id = :'sync'
    RETURNING former_id, until_run
)
INSERT INTO :"audit".former_names (sync_id, former_id, until_run)
SELECT :'name', former_id, until_run FROM earlier
UNION
SELECT :'name', :'sync', coalesce(max(sync_run_id), 0)
FROM :"audit".sync_runs
WHERE sync_id = :'sync'
ON CONFLICT (sync_id, former_id, until_run) DO NOTHING;
