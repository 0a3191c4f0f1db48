-- Takes a sync (or one partition of it) over: a new epoch, above any fence the ledger has seen.
INSERT INTO :"planner".states AS state (sync, partition, epoch)
VALUES (:'sync', :'partition', :'fence'::bigint + 1)
ON CONFLICT (sync, partition) DO UPDATE
    SET epoch = greatest(state.epoch, :'fence'::bigint) + 1
RETURNING id, epoch, shape, row_count, ledger, ledger_run;
