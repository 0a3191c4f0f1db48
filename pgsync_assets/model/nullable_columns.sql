-- Columns of a table or view, and whether they may be NULL.
SELECT a.attname, NOT a.attnotnull AS is_nullable
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE owner.nspname = :'schema' AND c.relname = :'table'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
