-- The ledger speaks of this delivery now, as far as it has come.
UPDATE :"ledger".pgsync_ledger AS entry
SET run = known.id, batch = known.batch, applied = known.applied, rejected = known.rejected
FROM :"ledger".pgsync_deliveries AS known
WHERE entry.installation = :'installation'::uuid AND entry.sync = :'sync'
    AND entry.partition = :'partition' AND known.id = :'run'::bigint
RETURNING entry.batch;
