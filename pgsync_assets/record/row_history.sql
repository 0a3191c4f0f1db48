-- What was done about one row of a sync, by its name in the log; the newest versions, each with the
-- version that the destination had before, where the log has it. The sync may have had other names:
-- each is looked at from one run to another.
WITH logged AS (
    SELECT
        log.*,
        count(*) FILTER (WHERE log.status = 'succeeded') OVER (
            ORDER BY log.sync_run_id, log.plan_row
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS sent_before
    FROM unnest(:'names'::text[], :'since'::bigint[], :'until'::bigint[])
        AS named (sync_id, since, until)
    JOIN :"audit".sync_changelog AS log
        ON log.sync_id = named.sync_id
        AND log.sync_run_id > named.since
        AND (named.until IS NULL OR log.sync_run_id <= named.until)
    WHERE log.row_id = ANY (:'row_ids'::text[])
),
newest AS (
    SELECT *, count(*) OVER () AS versions
    FROM logged
    ORDER BY sync_run_id DESC, plan_row DESC
    LIMIT :'limit'::bigint
)
SELECT
    newest.sync_run_id, newest.sync_id, newest.partition, run.finished_at,
    newest.op_type, newest.status, newest.failure_reason,
    -- An audit that no run has migrated has no such column.
    (to_jsonb(newest) ->> 'batch')::bigint,
    (SELECT json_object_agg(key, value) FROM jsonb_each_text(newest.fields)) AS fields,
    before.op_type AS before_type,
    (SELECT json_object_agg(key, value) FROM jsonb_each_text(before.fields)) AS before_fields,
    newest.versions
FROM newest
LEFT JOIN logged AS before
    ON before.status = 'succeeded' AND before.sent_before = newest.sent_before - 1
LEFT JOIN :"audit".sync_runs AS run ON run.sync_run_id = newest.sync_run_id
ORDER BY newest.sync_run_id, newest.plan_row;
