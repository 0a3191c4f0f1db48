-- What kind of thing a name stands for, where it is a relation at all.
SELECT c.relkind::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
WHERE owner.nspname = :'schema' AND c.relname = :'table';
