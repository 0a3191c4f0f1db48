-- An entry that only kept others out goes.
DELETE FROM :"ledger".pgsync_ledger
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND run = :'run'::bigint;
