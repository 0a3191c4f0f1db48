-- A state that comes from another planner goes on under its old name in the ledger.
UPDATE :"planner".states
SET installation = :'installation'::uuid
WHERE id = :'state'::bigint;
