-- Parked rows are tried again: all of a state, or those of a partition, of keys, or of a reason
-- (an SQLSTATE, or the name of a constraint or column).
UPDATE :"planner".refused_rows
SET is_parked = false
WHERE state_id = :'state'::bigint AND is_parked
    AND (:'partition'::text IS NULL OR partition = :'partition'::text)
    AND (:'keys'::text[] IS NULL OR row_id = ANY (:'keys'::text[]))
    AND (:'cause'::text IS NULL
        OR :'cause'::text IN (sqlstate, constraint_name, column_name));
