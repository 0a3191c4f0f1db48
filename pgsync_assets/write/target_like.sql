-- Tables of other names that a wrong one may have meant.
SELECT owner.nspname || '.' || c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f')
    AND (owner.nspname = :'schema' OR c.relname = :'table')
    AND owner.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
LIMIT 10;
