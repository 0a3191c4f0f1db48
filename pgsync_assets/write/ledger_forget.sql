-- Rejects of runs that are settled: the planner has them.
DELETE FROM :"ledger".pgsync_rejects
WHERE installation = :'installation'::uuid AND sync = :'sync' AND partition = :'partition'
    AND run <> :'run'::bigint;
