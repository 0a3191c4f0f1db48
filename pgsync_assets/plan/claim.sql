-- Takes a sync (or one partition of it) over: a new epoch, above any fence the ledger has seen.
INSERT INTO :"planner".states AS state (sync, partition, epoch, installation)
SELECT :'sync', :'partition', :'fence'::bigint + 1, id FROM :"planner".installation
ON CONFLICT (sync, partition) DO UPDATE
    SET epoch = greatest(state.epoch, :'fence'::bigint) + 1
RETURNING id, epoch, shape, row_count, ledger, ledger_run, installation, cursor, full_at,
    ledger_batch;
