-- Events of a sync, in their order.
INSERT INTO :"log".log (sync_id, run, event, message_event, message_data)
SELECT syncs.id, :'run'::bigint, one.event, one.message_event, one.message_data
FROM :"log".syncs
CROSS JOIN jsonb_to_recordset(:'events'::jsonb)
    AS one (event text, message_event text, message_data jsonb)
WHERE syncs.installation = :'installation'::uuid AND syncs.sync = :'sync';
