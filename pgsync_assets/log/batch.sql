-- What a batch did, in its own transaction.
UPDATE :"log".runs
SET batches_done = :'batch'::bigint,
    rows_written = rows_written + :'written'::bigint,
    rows_removed = rows_removed + :'removed'::bigint,
    rows_rejected = rows_rejected + :'rejected'::bigint,
    bytes = bytes + :'bytes'::bigint,
    last_batch_at = clock_timestamp()
FROM :"log".syncs
WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync'
    AND runs.sync_id = syncs.id AND runs.run = :'run'::bigint;
