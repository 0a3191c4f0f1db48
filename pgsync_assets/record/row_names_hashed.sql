-- Rows that were named by their plain key are named by its hash from here on.
WITH failures AS (
    UPDATE :"audit".snapshot_failures
    SET row_id = :"audit".row_name(row_id, :'hashed'::integer[], :'key_columns'::integer)
    WHERE sync_id = :'sync'
)
INSERT INTO :"audit".snapshot_named AS named
    (sync_id, sync_run_id, row_id, op_type, fields, partition)
SELECT :'sync', sync_run_id,
    :"audit".row_name(row_id, :'hashed'::integer[], :'key_columns'::integer),
    op_type, fields, partition
FROM :"audit".snapshot_log AS log
WHERE of_sync = :'sync' AND op_type <> 'removed'
    AND NOT EXISTS (
        SELECT FROM :"audit".snapshot_log AS newer
        WHERE newer.of_sync = :'sync' AND newer.row_id = log.row_id
            AND (newer.sync_run_id, newer.plan_row) > (log.sync_run_id, log.plan_row)
    )
    AND NOT EXISTS (
        SELECT FROM :"audit".snapshot_gone AS gone
        WHERE gone.sync_id = :'sync' AND gone.row_id = log.row_id
            AND log.sync_run_id <= gone.until_run
    )
ON CONFLICT (sync_id, row_id) DO UPDATE SET
    sync_run_id = excluded.sync_run_id,
    op_type = excluded.op_type,
    fields = excluded.fields,
    partition = excluded.partition,
    is_new = true;
