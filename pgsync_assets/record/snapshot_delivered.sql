-- Earlier failures of rows that this run has delivered, or removed.
DELETE FROM :"audit".snapshot_failures AS known
WHERE sync_id = :'sync' AND sync_run_id <> :'run'::bigint
    AND EXISTS (
        SELECT FROM :"audit".sync_changelog AS log
        WHERE log.sync_id = :'sync' AND log.sync_run_id = :'run'::bigint
            AND log.row_id = known.row_id AND log.status = 'succeeded'
    );
