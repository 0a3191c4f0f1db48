-- Tables of ours that are there in a schema, what our role needs on each, and whether it has it all.
SELECT
    current_user,
    has_schema_privilege(owner.oid, 'USAGE') AS may_use_schema,
    c.relname,
    wanted.rights,
    NOT EXISTS (
        SELECT FROM unnest(string_to_array(wanted.rights, ', ')) AS needed (name)
        WHERE NOT has_table_privilege(c.oid, needed.name)
    ) AS is_enough
FROM unnest(:'tables'::text[], :'each'::text[]) AS wanted (name, rights)
JOIN pg_catalog.pg_class AS c ON c.relname = wanted.name
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE owner.nspname = :'schema' AND c.relkind = 'r';
