-- A complete plan is left for people to look at; nobody is going to write it until it is approved.
UPDATE :"planner".runs
SET status = 'held', reason = :'reason', content = :'content'
WHERE id = :'run'::bigint AND status = 'planned';
