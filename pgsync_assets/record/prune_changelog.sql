-- A slice of old runs leaves the log, or is only counted. What stays: rows that are refused now, back
-- to the first attempt; and, as sync_snapshot is read from the log, the newest success of each row of
-- a sync that is there, a removal as long as it hides an older one. (Each is asked of the index by
-- itself: LIMIT keeps it from being a join with all of the log.) A run of which rows go says so.
WITH slice AS (
    SELECT
        log.ctid AS place, log.sync_id, log.sync_run_id, log.plan_row, log.row_id, log.op_type,
        log.status, old.owner
    FROM unnest(:'runs'::bigint[], :'owners'::text[]) AS old (run, owner)
    JOIN ONLY :"audit".:"changelog" AS log ON log.sync_run_id = old.run
    WHERE log.plan_row > :'after'::bigint AND log.plan_row <= :'up_to'::bigint
), judged AS (
    SELECT
        slice.place, slice.sync_run_id,
        slice.owner <> ALL (:'dead'::text[]) AND (
            EXISTS (
                SELECT
                FROM :"planner".states AS state
                JOIN :"planner".refused_rows AS refused ON refused.state_id = state.id
                WHERE state.sync = slice.owner AND refused.row_id = slice.row_id
                    AND refused.first_run <= slice.sync_run_id
            )
            OR slice.status = 'succeeded' AND slice.row_id <> '(forgotten)'
            AND NOT EXISTS ( -- a state that was reset or dropped: nobody's rows
                SELECT FROM :"audit".snapshot_moved AS moved
                WHERE moved.logged_as = slice.sync_id AND moved.sync_id IS NULL
                    AND slice.sync_run_id > moved.after_run
                    AND slice.sync_run_id <= moved.until_run
            )
            AND NOT EXISTS (
                SELECT FROM :"audit".snapshot_gone AS gone
                WHERE gone.sync_id = slice.owner AND gone.row_id = slice.row_id
                    AND slice.sync_run_id <= gone.until_run
            )
            AND (
                SELECT true
                FROM :"audit".snapshot_log AS newer
                WHERE newer.of_sync = slice.owner AND newer.row_id = slice.row_id
                    AND (newer.sync_run_id, newer.plan_row) > (slice.sync_run_id, slice.plan_row)
                LIMIT 1
            ) IS NULL
            AND (slice.op_type <> 'removed' OR (
                SELECT true
                FROM :"audit".snapshot_log AS older
                WHERE older.of_sync = slice.owner AND older.row_id = slice.row_id
                    AND older.sync_run_id < slice.sync_run_id
                LIMIT 1
            ) IS NOT NULL)
        ) AS stays
    FROM slice
), gone AS (
    DELETE FROM ONLY :"audit".:"changelog"
    WHERE :'deletes'::boolean AND ctid = ANY (ARRAY(SELECT place FROM judged WHERE NOT stays))
    RETURNING sync_run_id
), marked AS (
    UPDATE :"audit".sync_runs SET pruned_at = now()
    WHERE pruned_at IS NULL AND sync_run_id IN (SELECT sync_run_id FROM gone)
)
SELECT
    CASE
        WHEN :'deletes'::boolean THEN (SELECT count(*) FROM gone)
        ELSE (SELECT count(*) FROM judged WHERE NOT stays)
    END,
    (SELECT array_agg(DISTINCT sync_run_id) FROM judged WHERE stays);
