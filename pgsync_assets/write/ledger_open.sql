-- A new run begins, unless one of a higher epoch has been here.
INSERT INTO :"ledger".pgsync_ledger AS entry
    (installation, sync, partition, fence, run, batch, applied, rejected)
VALUES
    (:'installation'::uuid, :'sync', :'partition', :'fence'::bigint, :'run'::bigint, 0, 0, 0)
ON CONFLICT (installation, sync, partition) DO UPDATE
    SET fence = excluded.fence,
        run = excluded.run,
        batch = 0,
        applied = 0,
        rejected = 0,
        updated_at = now()
    WHERE entry.fence <= excluded.fence -- equal: this run finished an interrupted one before
RETURNING fence;
