-- A row is not known as refused any more; where the model still has it, the next run finds it.
DELETE FROM :"planner".refused_rows
WHERE state_id = :'state'::bigint AND row_id = ANY (:'row_ids'::text[]);
