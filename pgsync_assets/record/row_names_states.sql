-- The states of a sync: rows that are at the destination, by their plain keys.
SELECT id, partition, shape, coalesce(ledger_run, 0)
FROM :"planner".states
WHERE sync = :'sync' AND shape IS NOT NULL;
