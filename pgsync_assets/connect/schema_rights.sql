-- Whether a schema of ours is there or can be made, and may be used.
SELECT
    current_user,
    current_database(),
    owner.oid IS NOT NULL AS is_there,
    has_database_privilege(current_database(), 'CREATE') AS may_create,
    coalesce(has_schema_privilege(owner.oid, 'USAGE'), false)
        AND coalesce(has_schema_privilege(owner.oid, 'CREATE'), false) AS may_write
FROM (VALUES (:'schema'::text)) AS wanted (name)
LEFT JOIN pg_catalog.pg_namespace AS owner ON owner.nspname = wanted.name;
