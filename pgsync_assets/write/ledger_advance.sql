-- First statement of a batch: no row means that a newer run took over, or that it is in already.
UPDATE :"ledger".pgsync_ledger
SET batch = :'batch'::bigint, updated_at = now()
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND fence = :'fence'::bigint AND run = :'run'::bigint AND batch = :'batch'::bigint - 1;
