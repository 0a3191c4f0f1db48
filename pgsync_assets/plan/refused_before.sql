-- Whether rows of a state are refused that a run was not refused itself.
SELECT EXISTS (
    SELECT FROM :"planner".refused_rows
    WHERE state_id = :'state'::bigint AND last_run <> :'run'::bigint
);
