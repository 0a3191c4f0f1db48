-- Rows of a sync are named so from here on.
INSERT INTO :"audit".row_names (sync_id, mark)
VALUES (:'sync', :'mark')
ON CONFLICT (sync_id) DO UPDATE SET mark = excluded.mark;
