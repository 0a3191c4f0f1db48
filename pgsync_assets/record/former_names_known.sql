-- Whether an audit remembers former names: one of an older version, that no run has migrated, does not.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.former_names', :'audit'::text)) IS NOT NULL;
