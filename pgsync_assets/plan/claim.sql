-- Takes a sync (or one partition of it) over: a new epoch, above any fence the ledger has seen.
INSERT INTO :"planner".states AS state
    (sync, partition, epoch, installation, claimed_by, claimed_at)
SELECT :'sync', :'partition', :'fence'::bigint + 1, id, :'by', now()
FROM :"planner".installation
ON CONFLICT (sync, partition) DO UPDATE
    SET epoch = greatest(state.epoch, :'fence'::bigint) + 1,
        claimed_by = coalesce(excluded.claimed_by, state.claimed_by),
        claimed_at = CASE
            WHEN excluded.claimed_by IS NULL THEN state.claimed_at ELSE excluded.claimed_at
        END
RETURNING id, epoch, shape, row_count, ledger, ledger_run, installation, cursor, full_at,
    ledger_batch, columns;
