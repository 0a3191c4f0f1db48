-- Whether a planner knows loads of models: one of an older version, that no run has migrated, does not.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.frames', :'schema'::text)) IS NOT NULL;
