-- A run is continued under a new epoch; who slept through it may not write any more.
UPDATE :"ledger".pgsync_ledger
SET fence = :'fence'::bigint, updated_at = now()
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND run = :'run'::bigint AND fence < :'fence'::bigint
RETURNING fence;
