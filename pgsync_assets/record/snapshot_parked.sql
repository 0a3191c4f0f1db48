-- A parked row is refused, although no run meets it: also where the log has just begun, as after a
-- switch of the engine.
INSERT INTO :"audit".sync_snapshot
    (sync_id, sync_run_id, row_id, op_type, status, failure_reason, partition)
SELECT :'sync', refused.last_run, refused.row_id, refused.operation, 'failed', refused.reason,
    refused.partition
FROM :"planner".refused_rows AS refused
WHERE refused.state_id = :'state'::bigint AND refused.is_parked
ON CONFLICT (sync_id, row_id) DO NOTHING;
