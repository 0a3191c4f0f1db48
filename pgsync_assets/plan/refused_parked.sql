-- Rows that are parked, but for those that this run was refused itself; of one partition, where
-- several share a state.
SELECT count(*)
FROM :"planner".refused_rows
WHERE state_id = :'state'::bigint AND is_parked AND last_run <> :'run'::bigint
    AND (NOT :'is_shared'::boolean OR partition IN (:'partition', ''));
