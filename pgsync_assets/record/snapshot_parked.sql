-- A parked row is refused, although no run meets it: also where the log has just begun, as after a
-- switch of the engine. So is any other that is refused, where rows are named anew.
INSERT INTO :"audit".snapshot_failures
    (sync_id, sync_run_id, row_id, op_type, status, failure_reason, partition)
SELECT :'sync', refused.last_run,
    :"audit".row_name(refused.row_id, :'hashed'::integer[], :'key_columns'::integer),
    refused.operation, 'failed', refused.reason,
    refused.partition
FROM :"planner".refused_rows AS refused
WHERE refused.state_id = :'state'::bigint AND (refused.is_parked OR :'is_anew'::boolean)
ON CONFLICT (sync_id, row_id) DO NOTHING;
