-- The refused rows of a run.
SELECT plan_row, sqlstate, constraint_name, column_name, reason
FROM :"ledger".pgsync_rejects
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND run = :'run'::bigint
ORDER BY plan_row;
