-- A held plan is under way again: somebody approved it, and the ledger knows it already.
UPDATE :"planner".runs SET status = 'planned'
WHERE id = :'run'::bigint AND status = 'held';
