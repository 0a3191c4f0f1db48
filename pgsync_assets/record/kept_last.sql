-- The last run of each of some names, and the last that succeeded, of each partition: status, late
-- sensors, alerts and `verify` read them.
SELECT max(sync_run_id), max(sync_run_id) FILTER (WHERE status = 'succeeded')
FROM :"audit".sync_runs
WHERE sync_id = ANY (:'names'::text[])
GROUP BY sync_id, partition;
