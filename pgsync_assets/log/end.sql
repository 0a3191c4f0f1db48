-- How runs have ended, and an event of each. Times are told as seconds ago: they get this clock.
WITH ended AS (
    INSERT INTO :"log".runs AS known
        (sync_id, run, partition, row_count_of, destination_table, status, started_at, finished_at,
         batches, rows_planned, rows_written, rows_added, rows_changed, rows_removed, rows_rejected,
         row_count, error, sqlstate)
    SELECT syncs.id, one.run, one.partition, :'row_count_of', syncs.destination_table, one.status,
        now() - make_interval(secs => coalesce(one.began_s_ago, 0)),
        now() - make_interval(secs => coalesce(one.ended_s_ago, 0)),
        one.batches, one.planned, coalesce(one.written, 0), one.added, one.changed,
        coalesce(one.removed, 0), coalesce(one.rejected, 0), one.row_count, one.error, one.sqlstate
    FROM :"log".syncs
    CROSS JOIN jsonb_to_recordset(:'runs'::jsonb) AS one (
        run bigint, partition text, status text, began_s_ago float8, ended_s_ago float8,
        batches bigint, planned bigint, written bigint, added bigint, changed bigint,
        removed bigint, rejected bigint, row_count bigint, error text, sqlstate text)
    WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync'
    ON CONFLICT (sync_id, run) DO UPDATE SET
        status = excluded.status,
        started_at = least(known.started_at, excluded.started_at),
        finished_at = greatest(known.last_batch_at, excluded.finished_at),
        batches = coalesce(excluded.batches, known.batches),
        rows_planned = coalesce(excluded.rows_planned, known.rows_planned),
        rows_written = CASE WHEN excluded.rows_added IS NULL THEN known.rows_written
            ELSE excluded.rows_written END,
        rows_added = excluded.rows_added,
        rows_changed = excluded.rows_changed,
        rows_removed = CASE WHEN excluded.rows_added IS NULL THEN known.rows_removed
            ELSE excluded.rows_removed END,
        rows_rejected = CASE WHEN excluded.rows_added IS NULL THEN known.rows_rejected
            ELSE excluded.rows_rejected END,
        row_count = excluded.row_count,
        error = excluded.error,
        sqlstate = excluded.sqlstate
    RETURNING *
)
INSERT INTO :"log".log (time_stamp, sync_id, run, event, message_event, message_data)
SELECT finished_at, sync_id, run,
    CASE
        WHEN status = 'failed' THEN 'SEVERE'
        WHEN status = 'held' OR rows_rejected > 0 THEN 'WARNING'
        ELSE 'INFO'
    END,
    'sync_end',
    jsonb_strip_nulls(jsonb_build_object(
        'schema', :'table_schema'::text,
        'table', :'table_name'::text,
        'status', status,
        'partition', nullif(partition, ''),
        'rows_written', rows_written,
        'rows_removed', rows_removed,
        'rows_rejected', rows_rejected,
        'row_count', row_count,
        'error', error,
        'sqlstate', sqlstate))
FROM ended
ORDER BY run;
