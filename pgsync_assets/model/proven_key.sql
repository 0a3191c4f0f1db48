-- Whether PostgreSQL itself guarantees that the key of a table model is unique and never NULL:
-- a valid unique index on some of its columns, without a predicate or expressions, in a relation
-- whose children it covers too (a parent of plain inheritance has none such), all of them NOT NULL.
SELECT count(*) > 0
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = relation.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indrelid = relation.oid
WHERE owner.nspname = :'schema'
    AND relation.relname = :'table'
    AND (relation.relkind = 'p' OR (relation.relkind = 'r' AND NOT relation.relhassubclass))
    AND i.indisunique
    AND i.indisvalid
    AND i.indimmediate
    AND i.indpred IS NULL
    AND i.indexprs IS NULL
    AND NOT EXISTS (
        SELECT FROM unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS indexed (number)
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = relation.oid AND a.attnum = indexed.number
        WHERE a.attname IS NULL OR NOT a.attname = ANY (:'key'::text[])
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = relation.oid AND a.attname = ANY (:'key'::text[])
            AND NOT a.attnotnull
    );
