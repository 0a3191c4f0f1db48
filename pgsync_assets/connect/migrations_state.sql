-- Whether a schema of ours exists, and its table of migrations. Read from the catalog's tables:
-- to_regclass() answers from a cache that waiting for another process's migration does not renew.
SELECT
    EXISTS (
        SELECT FROM pg_catalog.pg_namespace WHERE nspname = :'schema'
    ) AS has_schema,
    EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
        WHERE owner.nspname = :'schema' AND c.relname = :'table'
    ) AS has_table;
