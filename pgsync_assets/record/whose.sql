-- Which audit this is (two connections may lead to one), and whether the role may delete there.
SELECT
    pg_catalog.current_database()::text,
    pg_catalog.pg_postmaster_start_time()::text,
    coalesce(bool_and(pg_catalog.has_table_privilege(c.oid, 'DELETE')), false)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE owner.nspname = :'schema'
    AND c.relname IN ('sync_runs', 'changelog_rows', 'changelog_columns');
