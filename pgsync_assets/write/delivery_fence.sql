-- From here on only this process may write for a writer. Waits for a batch that is on its way in.
INSERT INTO :"ledger".pgsync_ledger AS entry
    (installation, sync, partition, fence, run, batch, applied, rejected)
VALUES (:'installation'::uuid, :'sync', :'partition', 1, 0, 0, 0, 0)
ON CONFLICT (installation, sync, partition) DO UPDATE
    SET fence = entry.fence + 1, updated_at = now()
RETURNING fence;
