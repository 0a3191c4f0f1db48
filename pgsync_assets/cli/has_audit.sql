-- Whether anything was ever recorded: without a first run the audit's tables are not there.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.sync_runs', :'audit'::text)) IS NOT NULL;
