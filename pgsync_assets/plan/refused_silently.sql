-- Rows that are refused now for one of some reasons; of one partition, where several share a state.
SELECT count(*)
FROM :"planner".refused_rows
WHERE state_id = :'state'::bigint AND reason = ANY (:'reasons'::text[])
    AND (NOT :'is_shared'::boolean OR partition IN (:'partition', ''));
