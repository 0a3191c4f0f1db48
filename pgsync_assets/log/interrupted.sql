-- A run that stopped where it may go on, and an event of it: the next run finishes it.
WITH stopped AS (
    UPDATE :"log".runs
    SET status = 'interrupted', error = :'error', sqlstate = :'sqlstate'
    FROM :"log".syncs
    WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync'
        AND runs.sync_id = syncs.id AND runs.row_count_of = :'row_count_of'
        AND runs.finished_at IS NULL
    RETURNING runs.sync_id, runs.run
)
INSERT INTO :"log".log (sync_id, run, event, message_event, message_data)
SELECT sync_id, run, 'WARNING', 'sync_interrupted', :'data'::jsonb
FROM stopped;
