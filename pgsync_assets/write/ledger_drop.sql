-- The destination forgets a sync (or one partition of it).
WITH without_rejects AS (
    DELETE FROM :"ledger".pgsync_rejects
    WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
)
DELETE FROM :"ledger".pgsync_ledger
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition';
