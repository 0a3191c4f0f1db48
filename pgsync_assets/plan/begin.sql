-- A new run.
INSERT INTO :"planner".runs (state_id) VALUES (:'state'::bigint) RETURNING id, started_at;
