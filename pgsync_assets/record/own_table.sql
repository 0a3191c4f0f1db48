-- Whether one more run may have a table of its own: there are few enough (who reads the log locks
-- each of them), and we may create it and make it a child of a table that is ours.
SELECT count(child.inhrelid) < :'limit'::bigint
    AND bool_and(pg_catalog.pg_has_role(log.relowner, 'USAGE'))
    AND bool_and(pg_catalog.has_schema_privilege(log.relnamespace, 'CREATE'))
FROM pg_catalog.pg_class AS log
LEFT JOIN pg_catalog.pg_inherits AS child ON child.inhparent = log.oid
WHERE log.oid = pg_catalog.to_regclass(pg_catalog.format('%I.sync_changelog', :'audit'::text));
