-- Names that syncs had before, and up to which run.
SELECT former_id, until_run, sync_id FROM :"audit".former_names ORDER BY former_id, until_run;
