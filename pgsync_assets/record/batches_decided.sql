-- The ledger has the last word on batches whose COMMIT was not answered.
UPDATE :"audit".sync_batches
SET status = CASE
    WHEN batch <= :'batch'::bigint THEN 'committed'
    WHEN :'is_exact'::boolean THEN 'rolled_back'
    ELSE status
END
WHERE sync_run_id = :'run'::bigint AND status = 'unknown';
