-- Whether this sync has written here, under the name of whichever planner.
SELECT count(*) > 0
FROM :"ledger".pgsync_ledger
WHERE sync = :'sync' AND partition = :'partition';
