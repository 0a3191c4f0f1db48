-- Earlier failures that this run did not meet again: the row went back to what the destination
-- has, or never got there and left the model. A parked row, or one that another partition has now,
-- was not tried: it is refused still.
WITH resolved AS (
    DELETE FROM :"audit".sync_snapshot AS known
    WHERE sync_id = :'sync' AND partition = :'partition' AND status <> 'succeeded'
        AND sync_run_id <> :'run'::bigint
        AND NOT EXISTS (
            SELECT FROM :"planner".refused_rows AS refused
            WHERE refused.state_id = :'state'::bigint AND refused.row_id = known.row_id
        )
    RETURNING *
)
INSERT INTO :"audit".sync_snapshot
    (sync_id, sync_run_id, row_id, op_type, status, partition)
SELECT sync_id, :'run'::bigint, row_id, op_type, 'succeeded', partition
FROM resolved
WHERE op_type = 'changed' AND :'keeps_succeeded'::boolean;
