-- What is known of a delivery.
SELECT id, begun_at, content, planned, batch_ends, applied, rejected, finished_at IS NOT NULL
FROM :"ledger".pgsync_deliveries
WHERE writer = :'sync' AND partition = :'partition' AND delivery = :'delivery';
