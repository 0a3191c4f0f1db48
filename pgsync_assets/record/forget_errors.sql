-- A run that failed for the keys of its model has named some of them.
UPDATE :"audit".sync_runs AS run
SET error = regexp_replace(run.error, :'pattern', '(forgotten)', 'g')
FROM unnest(:'names'::text[], :'runs'::bigint[]) AS known (name, until_run)
WHERE run.sync_id = known.name AND run.sync_run_id <= known.until_run AND run.error ~ :'pattern';
