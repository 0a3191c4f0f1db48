-- Whether TABLESAMPLE can read a relation: tables, partitioned ones and materialized views.
SELECT count(*) > 0
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = relation.relnamespace
WHERE owner.nspname = :'schema'
    AND relation.relname = :'table'
    AND relation.relkind IN ('r', 'm', 'p');
