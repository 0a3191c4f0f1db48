-- Bytes that the rows of a plan take, and those of them that values stored apart (TOAST) take.
SELECT
    pg_catalog.pg_table_size(c.oid),
    CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE owner.nspname = :'schema' AND c.relname = 'plan_' || :'run';
