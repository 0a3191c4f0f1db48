-- How far a sync has come here.
SELECT fence, run, batch, applied, rejected
FROM :"ledger".pgsync_ledger
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition';
