-- A sync (or one partition of it) goes on under another name. Nothing to do where it does already.
-- Rejects are taken out and put back: nobody needs the right to change one.
WITH rejects AS (
    DELETE FROM :"ledger".pgsync_rejects
    WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    RETURNING *
), with_rejects AS (
    INSERT INTO :"ledger".pgsync_rejects
        (installation, sync, partition, run, plan_row, sqlstate, constraint_name, column_name,
         reason)
    SELECT installation, :'name', partition, run, plan_row, sqlstate, constraint_name, column_name,
        reason
    FROM rejects
)
UPDATE :"ledger".pgsync_ledger
SET sync = :'name', updated_at = now()
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND fence = :'fence'::bigint;
