-- A complete plan is left for people to look at; nobody is going to write it.
UPDATE :"planner".runs SET status = 'held' WHERE id = :'run'::bigint AND status = 'planned';
