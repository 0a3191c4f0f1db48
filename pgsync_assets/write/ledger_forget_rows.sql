-- Refused rows of runs that are settled: the planner has them.
DELETE FROM :"ledger".pgsync_rejects AS reject
USING unnest(:'runs'::bigint[], :'numbers'::bigint[]) AS forgotten (run, plan_row)
WHERE reject.installation = :'installation'::uuid AND reject.sync = :'sync'
    AND reject.partition = :'partition'
    AND reject.run = forgotten.run AND reject.plan_row = forgotten.plan_row;
