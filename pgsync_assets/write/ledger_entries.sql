-- Every sync that has written here, but those who write rows of their own and have no planner.
SELECT installation, sync, partition, run, updated_at
FROM :"ledger".pgsync_ledger
WHERE installation <> :'installation'::uuid
ORDER BY sync, partition, installation;
