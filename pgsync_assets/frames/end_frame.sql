-- A load is complete.
UPDATE :"planner".frames
SET row_count = :'row_count'::bigint
WHERE number = :'number'::bigint
RETURNING number, model, row_count, columns, loaded_at, loaded_by;
