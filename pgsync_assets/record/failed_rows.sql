-- Rows of a run that are not at the destination, and why.
SELECT row_id, op_type, status, failure_reason
FROM :"audit".sync_changelog
WHERE sync_run_id = :'run'::bigint AND status <> 'succeeded'
ORDER BY plan_row
LIMIT :'limit'::bigint;
