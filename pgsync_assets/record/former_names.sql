-- Under which names a sync ran before, and up to which run.
SELECT former_id, until_run FROM :"audit".former_names WHERE sync_id = :'sync' ORDER BY moved_at;
