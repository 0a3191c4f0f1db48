-- How a row stands is not known any more: as it was told, where it was refused or named anew. What
-- the log tells goes with its line.
WITH failures AS (
    DELETE FROM :"audit".snapshot_failures
    WHERE sync_id = ANY (:'names'::text[]) AND row_id = ANY (:'row_ids'::text[])
),
named AS (
    DELETE FROM :"audit".snapshot_named
    WHERE sync_id = ANY (:'names'::text[]) AND row_id = ANY (:'row_ids'::text[])
),
gone AS (
    DELETE FROM :"audit".snapshot_gone
    WHERE sync_id = ANY (:'names'::text[]) AND row_id = ANY (:'row_ids'::text[])
)
SELECT sync_id
FROM :"audit".sync_snapshot
WHERE sync_id = ANY (:'names'::text[]) AND row_id = ANY (:'row_ids'::text[]);
