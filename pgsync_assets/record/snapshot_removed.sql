-- Rows that left the model, and are settled, leave the snapshot of the log as well.
DELETE FROM :"audit".sync_snapshot AS known
USING :"audit".sync_changelog AS gone
WHERE gone.sync_run_id = :'run'::bigint
    AND gone.op_type = 'removed' AND gone.status = 'succeeded'
    AND known.sync_id = gone.sync_id AND known.row_id = gone.row_id;
