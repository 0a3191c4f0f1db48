-- How often each table has been written, as a fingerprint that differs after every change.
--   :'schemas', :'tables'  names of the tables, two arrays of the same length
-- Partitions and children count as their parent. TRUNCATE writes no row that is counted, but gives
-- the table a new file: hence relfilenode.
WITH RECURSIVE family AS (
    SELECT named.position, relation.oid
    FROM unnest(:'schemas'::text[], :'tables'::text[])
        WITH ORDINALITY AS named (schema_name, table_name, position)
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = named.schema_name
    JOIN pg_catalog.pg_class AS relation
        ON relation.relnamespace = namespace.oid AND relation.relname = named.table_name
    UNION
    SELECT family.position, child.inhrelid
    FROM family
    JOIN pg_catalog.pg_inherits AS child ON child.inhparent = family.oid
)
SELECT
    family.position,
    bool_and(relation.relkind IN ('r', 'p')) AS is_counted,
    concat_ws(
        '/',
        sum(
            pg_catalog.pg_stat_get_tuples_inserted(relation.oid)
            + pg_catalog.pg_stat_get_tuples_updated(relation.oid)
            + pg_catalog.pg_stat_get_tuples_deleted(relation.oid)
        ),
        sum(relation.relfilenode::bigint)
    ) AS fingerprint
FROM family
JOIN pg_catalog.pg_class AS relation ON relation.oid = family.oid
GROUP BY family.position
ORDER BY family.position
