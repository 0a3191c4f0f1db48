-- Last statement of a batch: what PostgreSQL said about its rows.
UPDATE :"ledger".pgsync_ledger
SET applied = applied + :'applied'::bigint, rejected = rejected + :'rejected'::bigint
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND fence = :'fence'::bigint
RETURNING rejected;
