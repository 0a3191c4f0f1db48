-- Rows that were not at the destination, of a sync that nobody has any more, a few at a time; not what
-- a run that has settled since wrote.
WITH slice AS (
    SELECT ctid AS place, row_id
    FROM :"audit".snapshot_failures
    WHERE sync_id = :'sync' AND row_id > :'row'::text AND sync_run_id <= :'run'::bigint
    ORDER BY row_id
    LIMIT :'limit'::bigint
), gone AS (
    DELETE FROM :"audit".snapshot_failures
    WHERE ctid = ANY (ARRAY(SELECT place FROM slice)) AND sync_run_id <= :'run'::bigint
    RETURNING row_id
)
SELECT (SELECT count(*) FROM slice), (SELECT count(*) FROM gone), (SELECT max(row_id) FROM slice);
