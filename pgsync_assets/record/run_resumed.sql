-- A run that was interrupted while it wrote is tried once more.
INSERT INTO :"audit".resumed_runs AS resumed (sync_run_id, attempts)
VALUES (:'run'::bigint, 2)
ON CONFLICT (sync_run_id) DO UPDATE SET attempts = resumed.attempts + 1;
