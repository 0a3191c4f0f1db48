-- A state knows of fewer rows.
UPDATE :"planner".states SET row_count = row_count - :'row_count'::bigint WHERE id = :'state'::bigint;
