-- What happened to a row keeps its place, so that the log goes on to say what its runs have counted;
-- name, values and what the server said of them go. Former names of the sync count up to the run
-- after which it was renamed.
UPDATE :"audit".changelog_rows AS log
SET row_id = '(forgotten)', fields = NULL,
    failure_reason = split_part(log.failure_reason, :'said', 1)
FROM unnest(:'names'::text[], :'runs'::bigint[]) AS known (name, until_run)
WHERE log.sync_id = known.name AND log.sync_run_id <= known.until_run
    AND log.row_id = ANY (:'row_ids'::text[]);
