-- What the planner knows of a sync (or one partition of it), without taking it over.
SELECT id, epoch, shape, row_count, ledger, ledger_run, installation, cursor, full_at
FROM :"planner".states
WHERE sync = :'sync' AND partition = :'partition';
