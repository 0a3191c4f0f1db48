-- Of rows that were sent nothing is known any more: none of them counts.
UPDATE :"log".runs
SET row_count = NULL
FROM :"log".syncs
WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync'
    AND runs.sync_id = syncs.id AND runs.row_count_of = :'row_count_of'
    AND runs.row_count IS NOT NULL;
