-- How many rows of a sync that nobody has any more would go: see prune_snapshot.
SELECT count(*) FROM :"audit".snapshot_failures
WHERE sync_id = :'sync' AND sync_run_id <= :'run'::bigint;
