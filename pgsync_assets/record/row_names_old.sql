-- Rows that stood under yet other names are to be told from those that get theirs now.
UPDATE :"audit".snapshot_named SET is_new = false WHERE sync_id = :'sync' AND is_new;
