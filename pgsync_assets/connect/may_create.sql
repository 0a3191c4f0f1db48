-- Where our role may make schemas and tables; schemas of ours are left out.
SELECT
    current_database(),
    has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
    ARRAY(
        SELECT nspname::text FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
            AND nspname <> ALL (:'schemas'::text[])
            AND has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE')
        ORDER BY 1
    ) AS schemas;
