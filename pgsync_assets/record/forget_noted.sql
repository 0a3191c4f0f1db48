-- That somebody had a row forgotten; not which.
INSERT INTO :"audit".forgotten (sync_id, forgotten_by, removed)
VALUES (:'sync', :'by', :'removed'::jsonb);
