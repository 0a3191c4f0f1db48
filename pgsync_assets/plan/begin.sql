-- A new run.
INSERT INTO :"planner".runs (state_id, partition)
VALUES (:'state'::bigint, :'partition')
RETURNING id, started_at;
