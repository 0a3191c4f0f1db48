-- Whether one more run may have a table of its own: there are few enough (who reads the log locks
-- each of them), and we may create it and make it a child of a table that is ours.
SELECT sum((SELECT count(*) FROM pg_catalog.pg_inherits WHERE inhparent = log.oid))
        < :'limit'::bigint
    AND bool_and(pg_catalog.pg_has_role(log.relowner, 'USAGE'))
    AND bool_and(pg_catalog.has_schema_privilege(log.relnamespace, 'CREATE'))
FROM pg_catalog.pg_class AS log
WHERE log.oid IN (
    pg_catalog.to_regclass(pg_catalog.format('%I.changelog_rows', :'audit'::text)),
    pg_catalog.to_regclass(pg_catalog.format('%I.changelog_columns', :'audit'::text))
);
