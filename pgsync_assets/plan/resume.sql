-- A held plan is under way again: somebody approved it, and the ledger knows it already.
UPDATE :"planner".runs
SET status = 'planned',
    approved_at = coalesce(approved_at, now()),
    approved_by = coalesce(approved_by, :'by')
WHERE id = :'run'::bigint AND status = 'held';
