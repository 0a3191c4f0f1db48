-- A plan that was made again: what the guard says of it now.
UPDATE :"planner".runs SET reason = :'reason'
WHERE id = :'run'::bigint AND status = 'held';
