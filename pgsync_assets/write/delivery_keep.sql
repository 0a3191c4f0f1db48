-- Remembers how far the delivery has come that the ledger speaks of.
UPDATE :"ledger".pgsync_deliveries AS known
SET batch = entry.batch,
    applied = entry.applied,
    rejected = entry.rejected,
    finished_at = CASE
        WHEN entry.batch = cardinality(known.batch_ends) THEN coalesce(known.finished_at, now())
    END
FROM :"ledger".pgsync_ledger AS entry
WHERE entry.installation = :'installation'::uuid AND entry.sync = :'sync'
    AND entry.partition = :'partition' AND known.id = entry.run;
