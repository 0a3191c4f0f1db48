-- Every try of one batch.
SELECT
    batch, attempt, started_at, extract(epoch FROM duration)::double precision, first_row,
    last_row, rows, removals, rejected, bytes, status, sqlstate, error, statements
FROM :"audit".sync_batches
WHERE sync_run_id = :'run'::bigint AND batch = :'batch'::bigint
ORDER BY attempt;
