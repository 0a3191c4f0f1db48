-- Whether this sync has written here under the name of another planner.
SELECT count(*) > 0
FROM :"ledger".ledger
WHERE sync = :'sync' AND partition = :'partition' AND installation <> :'installation'::uuid;
