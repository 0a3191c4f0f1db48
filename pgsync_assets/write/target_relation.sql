-- What a destination table is, and what our role may do with it.
SELECT
    c.oid,
    has_table_privilege(c.oid, 'DELETE') AS may_delete,
    has_schema_privilege(c.relnamespace, 'USAGE') AS may_use_schema,
    has_database_privilege(current_database(), 'TEMPORARY') AS may_use_temporary,
    EXISTS (
        SELECT FROM pg_catalog.pg_namespace AS staging
        WHERE staging.nspname = :'staging'
            AND has_schema_privilege(staging.oid, 'USAGE')
            AND has_schema_privilege(staging.oid, 'CREATE')
    ) AS may_use_staging,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_roles AS me WHERE me.rolname = current_user AND me.rolsuper
    ) AS is_owned,
    current_database(),
    current_user
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE owner.nspname = :'schema' AND c.relname = :'table'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
