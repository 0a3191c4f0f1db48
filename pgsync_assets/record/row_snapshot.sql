-- How a row of a sync stands, as the log has it.
SELECT sync_run_id, op_type, status, failure_reason
FROM :"audit".sync_snapshot
WHERE sync_id = :'sync' AND row_id = ANY (:'row_ids'::text[])
ORDER BY sync_run_id DESC
LIMIT 1;
