-- A plan of which nothing was written is made once more, by the same run.
UPDATE :"planner".runs SET status = 'started' WHERE id = :'run'::bigint AND status = 'planned';
