-- Rows of this run that are not at the destination, from its log.
-- A key that occurs more than once in the model is one row here.
INSERT INTO :"audit".snapshot_failures AS known
    (sync_id, sync_run_id, row_id, op_type, status, failure_reason, fields, partition)
SELECT DISTINCT ON (row_id)
    sync_id, sync_run_id, row_id, op_type, status, failure_reason, fields, partition
FROM ONLY :"audit".changelog_rows
WHERE sync_id = :'sync' AND sync_run_id = :'run'::bigint AND status <> 'succeeded'
ORDER BY row_id, plan_row
ON CONFLICT (sync_id, row_id) DO UPDATE SET
    sync_run_id = excluded.sync_run_id,
    op_type = excluded.op_type,
    status = excluded.status,
    failure_reason = excluded.failure_reason,
    fields = excluded.fields,
    partition = excluded.partition;
