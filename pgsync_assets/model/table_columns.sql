-- Columns of relations by name: type, whether they may be NULL, and what COMMENT says of them.
SELECT
    owner.nspname::text AS schema,
    relation.relname::text AS relation,
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS is_nullable,
    pg_catalog.col_description(relation.oid, a.attnum) AS comment
FROM unnest(:'schemas'::text[], :'names'::text[]) AS asked (schema, name)
JOIN pg_catalog.pg_namespace AS owner ON owner.nspname = asked.schema
JOIN pg_catalog.pg_class AS relation
    ON relation.relnamespace = owner.oid AND relation.relname = asked.name
    AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY owner.nspname, relation.relname, a.attnum;
