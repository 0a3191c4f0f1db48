-- Earlier failures that this run did not meet again: the row went back to what the destination
-- has, or never got there and left the model. A parked row, or one that another partition has now,
-- was not tried: it is refused still.
DELETE FROM :"audit".snapshot_failures AS known
WHERE sync_id = :'sync' AND partition = :'partition' AND sync_run_id <> :'run'::bigint
    AND NOT EXISTS (
        SELECT FROM :"planner".refused_rows AS refused
        WHERE refused.state_id = :'state'::bigint AND known.row_id =
            :"audit".row_name(refused.row_id, :'hashed'::integer[], :'key_columns'::integer)
    );
