-- Relations of a name that our role may not read; those that the name alone means come first.
SELECT owner.nspname, c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE c.relname = :'name'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT has_table_privilege(c.oid, 'SELECT')
-- Not current_schemas(): where no schema of the path may be used, it makes one for temporary tables.
ORDER BY array_position(:'path'::text[], owner.nspname::text), owner.nspname;
